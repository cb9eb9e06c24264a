package stub

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// room has a boundary of two pages inside.
var room [3 * pv.PageSize]byte

// touchTwice is for user mode: a system call, a page fault at nowhere, and a system call by which switchBack makes endAt
// the kernel's stack.
func touchTwice()

// switchBack is an entry for SYSCALL.
func switchBack() uint64

//lint:ignore U1000 the assembly code refers to it
var endAt uint64

// stacks has the kernel entered on stacks whose frames lie across a boundary of pages, at each offset.
func stacks(t *pv.T) {
	endAt = pv.This().KernelStack()
	boundary := (pv.Address(&room) + 2*pv.PageSize) &^ (pv.PageSize - 1)
	setEntry(switchBack(), false)
	setFaultHandler(goOn())
	for offset := uint64(0); offset <= 160; offset += 8 {
		pv.Need("stack_switch", pv.StackSwitch(hypercall.FLAT_KERNEL_SS, boundary+offset))
		var u pv.User
		u.Start(touchTwice)
		u.DX, u.R9 = 0x1111, 0x2222
		t.Trapped("the end", u.Run(), pv.UD, 0)
		t.Equal("DX", u.DX, 0x1111)
		t.Equal("R9", u.R9, 0x2222)
		t.Equal("RBX", u.BX, 0x5555)
	}
	resetEntry()
	resetFaultHandler()
}

// iretFrames: what stands in the upper bits of selectors in iret's frame does not matter.
func iretFrames(t *pv.T) {
	for _, bits := range [...]uint64{0, 1 << 32, 0xffff_ffff_ffff_0000} {
		var u pv.User
		u.Start(undefined)
		u.Iret.CS |= bits
		u.Iret.SS |= bits
		u.Iret.RAX, u.Iret.RCX, u.Iret.R11 = 1, 2, 3
		t.Trapped("UD2", u.Run(), pv.UD, 0)
		t.Equal("RAX", u.Iret.RAX, 1)
		t.Equal("RCX", u.Iret.RCX, 2)
		t.Equal("R11", u.Iret.R11, 3)
		t.Equal("CS", u.CS, hypercall.FLAT_USER_CS)
	}
}

// iretIgnored: nor do flags that are not a guest's to set.
func iretIgnored(t *pv.T) {
	const odd = 1<<63 | 1<<32 | 1<<21 | 1<<19 | 1<<17 | 1<<15 | 1<<5 | 1<<3 | pv.FlagIOPL
	for _, how := range [...]uint64{0, hypercall.VGCF_in_syscall} {
		var u pv.User
		u.Start(undefined)
		u.Iret.Flags = how
		u.Iret.RFLAGS |= odd
		trap := u.Run()
		t.Trapped("UD2", trap, pv.UD, 0)
		t.Equal("flags", trap.RFLAGS&odd, 1<<21)
	}
	for _, rip := range [...]uint64{1 << 47, 1<<63 | 0x1000, 0xffff_7fff_ffff_ffff} {
		var u pv.User
		u.Start(undefined)
		u.Iret.RIP = rip
		t.Trapped("RIP that is not canonical", u.Run(), pv.GP, 0)
		t.Equal("saved RIP", u.RIP, rip)
	}
	for _, rip := range [...]uint64{0, 1<<47 - pv.PageSize, hypercall.HYPERVISOR_VIRT_START + 1<<42, stubCode} {
		var u pv.User
		u.Start(undefined)
		u.Iret.RIP = rip
		t.Trapped("RIP where nothing is", u.Run(), pv.PF, u.Error)
		t.Equal("cr2", u.CR2, rip)
	}
}

func undefined()

// flagsAndCall sets flags, makes a system call, touches nowhere and traps.
func flagsAndCall()

// flags: all that user mode can set come back, and none of them is set in the kernel.
func flags(t *pv.T) {
	const set = pv.FlagDF | pv.FlagNT | pv.FlagAC | 1<<21
	var u pv.User
	u.Start(flagsAndCall)
	for _, v := range [...]pv.Vector{pv.Syscall64, pv.PF, pv.UD} {
		trap := u.Run()
		if !t.Check(trap.Vector == v, "trap %x, want %x", uint64(trap.Vector), uint64(v)) {
			return
		}
		t.Equal("saved flags", trap.RFLAGS&set, set)
		t.Equal("flags at the entry", trap.EntryFlags&(pv.FlagNT|pv.FlagAC|pv.FlagTF|pv.FlagIOPL), 0)
		if v == pv.PF {
			const length = 3
			u.Iret.RIP += length
		}
	}
}

// upcallsAt counts upcalls by where they came.
var upcallsAt struct {
	count uint64
	rip   uint64
	user  bool
}

func noteUpcall(f *pv.Frame) {
	upcallsAt.count++
	upcallsAt.rip, upcallsAt.user = f.Iret.RIP, f.FromUser()
	pv.ForgetEvents()
}

// pending: an event that waits when iret lets events in comes before the first instruction, and one that waits while they
// stay masked doesn't.
func pending(t *pv.T) {
	port := pv.BindIPI(pv.This().ID)
	pv.OnTrap(pv.Event, noteUpcall)
	for _, how := range [...]uint64{0, hypercall.VGCF_in_syscall} {
		pv.MaskUpcalls()
		pv.Need("send", pv.Send(port))
		upcallsAt.count = 0
		var u pv.User
		u.Start(undefined)
		u.Iret.Flags = how
		rip := u.Iret.RIP
		t.Trapped("UD2", u.Run(), pv.UD, 0)
		t.Equal("upcalls", upcallsAt.count, 1)
		t.Equal("where", upcallsAt.rip, rip)
		t.Check(upcallsAt.user, "the upcall did not come from user mode")

		pv.MaskUpcalls()
		pv.Need("send", pv.Send(port))
		upcallsAt.count = 0
		u.Start(undefined)
		u.Iret.Flags = how
		u.Iret.RFLAGS &^= pv.FlagIF
		t.Trapped("UD2", u.Run(), pv.UD, 0)
		t.Check(u.UpcallMask, "upcalls were not masked in user mode")
		t.Equal("upcalls while they are masked", upcallsAt.count, 0)
		pv.ForgetEvents()
	}
	pv.OnTrap(pv.Event, nil)
	pv.Close(port)
	pv.MaskUpcalls()
	pv.ForgetEvents()
}
