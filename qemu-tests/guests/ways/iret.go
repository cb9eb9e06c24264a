package ways

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// oddSelectors are selectors of every kind: null ones, the flat ones with each privilege level, the hypervisor's own,
// entries that are empty, of an LDT that there is not, and beyond the table.
var oddSelectors = [...]uint64{
	0, 1, 2, 3, 8, 0x103, 7, 0xffff,
	0xe008, 0xe00b, 0xe010, 0xe013, // of privilege level 0 on Tuco
	0xe020, 0xe021, 0xe022, hypercall.FLAT_USER_CS32,
	0xe028, 0xe029, 0xe02a, hypercall.FLAT_USER_SS,
	0xe030, 0xe031, 0xe032, hypercall.FLAT_USER_CS,
	0xe038, 0xe03b, 0xe043,
	0x1_0000 | hypercall.FLAT_USER_CS, 0x1_0000 | hypercall.FLAT_USER_SS,
}

// selectors returns to user mode with each as CS, and with each as SS. What has not privilege level 3 is the kernel's CS.
func selectors(t *pv.T) {
	shared()
	for i, selector := range oddSelectors {
		for _, how := range [...]uint64{0, hypercall.VGCF_in_syscall} {
			var u pv.User
			if selector&3 == 3 {
				u.StartAt(nowhere, userStack)
				u.Iret.CS, u.Iret.Flags = selector, how
				u.Run()
				noteUser("cs", selector, how, &u)
				entered(t, "flags at the entry", &u.Trap)
				t.Equal("saved RSP", u.RSP, userStack)
			}
			u.StartAt(nowhere, userStack)
			u.Iret.SS, u.Iret.Flags = selector, how
			u.Run()
			noteUser("ss", selector, how, &u)
			entered(t, "flags at the entry", &u.Trap)
		}
		if i == 0 {
			// What is in order is so.
			var u pv.User
			u.StartAt(nowhere, userStack)
			t.Trapped("flat selectors", u.Run(), pv.PF, userMode|fetch)
		}
	}
}

// Bits of a page fault's error code.
const (
	userMode = 1 << 2
	fetch    = 1 << 4
)

var selector uint64

// selectorsKernel returns to the kernel with each as CS and as SS, but for 32-bit code, which has no use for the kernel's stack.
func selectorsKernel(*pv.T) {
	for _, selector = range oddSelectors {
		if selector&3 != 3 && selector|3 != hypercall.FLAT_USER_CS32 {
			trap := returned(func(f *pv.Frame) { f.Iret.RIP, f.Iret.CS = nowhere, selector })
			note("kernel cs", selector, 0, &trap)
		}
		trap := returned(func(f *pv.Frame) { f.Iret.RIP, f.Iret.SS = nowhere, selector })
		note("kernel ss", selector, 0, &trap)
	}
}

// flags returns to user mode with each bit of the flags alone, to where there is nothing, or a system call.
func flags(t *pv.T) {
	shared()
	for bit := range uint64(64) {
		for _, how := range [...]uint64{0, hypercall.VGCF_in_syscall} {
			var u pv.User
			u.StartAt(nowhere, userStack)
			u.Iret.RFLAGS, u.Iret.Flags = pv.FlagIF^1<<bit, how
			t.Trapped("nothing there", u.Run(), pv.PF, userMode|fetch)
			noteUser("flag", bit, how, &u)
			entered(t, "flags at a fault", &u.Trap)
			t.Equal("flags that user mode can't have", u.RFLAGS&(pv.FlagIOPL|1<<17|1<<19|1<<20), 0)

			u.StartAt(systemCallAt(), userStack)
			u.Iret.RFLAGS, u.Iret.Flags = pv.FlagIF^1<<bit, how
			t.Trapped("system call", u.Run(), pv.Syscall64, 0)
			noteUser("flag in a system call", bit, how, &u)
			entered(t, "flags at a system call", &u.Trap)
			t.Check(u.UpcallMask == (bit == 9), "events are masked wrongly with flag %d", bit)
		}
	}
}

// systemCallAt is a SYSCALL.
func systemCallAt() uint64

var flagsBack uint64

// flagsKernel returns to the kernel so.
func flagsKernel(t *pv.T) {
	for bit := range uint64(64) {
		flagsBack = 1 << bit &^ pv.FlagIF // an upcall is for the end
		trap := returned(func(f *pv.Frame) { f.Iret.RIP, f.Iret.RFLAGS = nowhere, flagsBack })
		t.Trapped("nothing there", trap, pv.PF, fetch)
		note("kernel flag", bit, 0, &trap)
		entered(t, "flags at a fault", &trap)
	}
}

// oddAddresses are for instructions and stacks.
var oddAddresses = [...]uint64{
	0, 1, 0xfff, nowhere, 1<<32 - 1, 1 << 32, 1<<47 - 1, 1<<47 - 2, 1 << 47, 1<<47 + 1, 1 << 48, 1 << 62, 1 << 63,
	0xffff_7fff_ffff_ffff, 0xffff_7fff_ffff_fff8, 0xffff_8000_0000_0000, 0xffff_8000_0000_0008, 0xffff_8080_0000_0000,
	0xffff_87ff_ffff_fff8, 0xffff_8800_0000_0000, 0xffff_ffff_ffff_f000, ^uint64(0),
}

// addresses returns to user mode there, and with a stack there.
func addresses(t *pv.T) {
	shared()
	for _, at := range oddAddresses {
		for _, how := range [...]uint64{0, hypercall.VGCF_in_syscall} {
			var u pv.User
			u.StartAt(at, userStack)
			u.Iret.Flags = how
			trap := u.Run()
			noteUser("rip", at, how, &u)
			entered(t, "flags at the entry", &trap)
			// On Intel's processors the fault comes before the return, on AMD's behind it. The guest sees the same.
			t.Equal("saved RIP", trap.RIP, at)

			u.StartAt(systemCallAt(), at)
			u.Iret.Flags = how
			t.Trapped("system call", u.Run(), pv.Syscall64, 0)
			noteUser("rsp", at, how, &u)
			t.Equal("saved RSP", u.RSP, at)
			u.StartAt(nowhere, at)
			t.Trapped("nothing there", u.Run(), pv.PF, userMode|fetch)
			t.Equal("saved RSP", u.RSP, at)
		}
	}
}

var address uint64

// addressesKernel returns to the kernel there.
func addressesKernel(*pv.T) {
	for _, address = range oddAddresses {
		trap := returned(func(f *pv.Frame) { f.Iret.RIP = address })
		note("kernel rip", address, 0, &trap)
	}
}
