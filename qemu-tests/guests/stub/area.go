package stub

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// target is what the functions below touch, which user mode runs too.
var target uint64

func readTarget()
func writeTarget()
func jumpTarget()

// window is where Tuco has pages for the first vCPU in every guest's address space, for itself; stubCode is the page
// of its code, which some of the next follow. On Xen there are other things of the hypervisor's.
const (
	window      = 0xffff_8080_0020_0000
	windowPages = 64
	stubCode    = window + 32*pv.PageSize
	codeEnd     = stubCode + 0x600
)

// reservedArea: nothing in the hypervisor's part can be read or written to, whatever is there.
func reservedArea(t *pv.T)     { touchArea(t, pv.Catch) }
func reservedAreaUser(t *pv.T) { touchArea(t, pv.RunUser) }

func touchArea(t *pv.T, run func(func()) pv.Trap) {
	for page := range uint64(windowPages) {
		for _, code := range [...]func(){readTarget, writeTarget} {
			target = window + page*pv.PageSize + 8*page
			requireFault(t, run(code))
		}
	}
	for _, at := range [...]uint64{hypercall.HYPERVISOR_VIRT_START, hypercall.HYPERVISOR_VIRT_END - 8, window - pv.PageSize} {
		target = at
		requireFault(t, run(writeTarget))
	}
}

// reservedAreaJump: nor can anything there be executed, the code of the hypervisor's neither.
func reservedAreaJump(t *pv.T) {
	for _, run := range [...]func(func()) pv.Trap{pv.Catch, pv.RunUser} {
		for target = stubCode; target < codeEnd; target += 8 {
			requireFault(t, run(jumpTarget))
		}
	}
}

func requireFault(t *pv.T, trap pv.Trap) {
	t.Check(trap.Vector == pv.PF, "%x: trap %x", target, uint64(trap.Vector))
	t.Equal("cr2", trap.CR2, target)
}

// secret is in memory of the kernel's, and what readSecret, an entry for SYSCALL, reads on each call.
var secret uint64

func readSecret() uint64

// kernelPages: what the kernel has just touched is not there for user mode, in whose tables it isn't.
func kernelPages(t *pv.T) {
	const (
		codeAt  = 0x40_0000
		stackAt = codeAt + pv.PageSize
		code    = "\x0f\x05\x48\x8b\x07\x0f\x0b" // SYSCALL; MOVQ (DI), AX; UD2
		rounds  = 50
	)
	var space pv.Space
	space.Make(codeAt)
	root := pv.NewRoot()
	space.HangInto(root)
	page := pv.AllocPage()
	copy(pv.At[[len(code)]byte](page)[:], code)
	space.Map(codeAt, pv.MFN(page)*pv.PageSize|pv.RO)
	pv.UseUserRoot(root)
	setEntry(readSecret(), false)
	secret = 0x1234_5678
	for round := range uint64(rounds) {
		var u pv.User
		u.StartAt(codeAt, stackAt)
		u.DI = pv.Address(&secret)
		if round%2 != 0 {
			u.DI = pv.This().KernelStack() - 8
		}
		u.Iret.RIP = codeAt
		trap := u.Run()
		t.Trapped("user mode's read of the kernel's memory", trap, pv.PF, userMode)
		t.Equal("cr2", trap.CR2, u.DI)
		t.Equal("its RIP", trap.RIP, codeAt+2)
		t.Equal("what the kernel read", u.R8, secret)
	}
	resetEntry()
	pv.DropUserRoot()
	space.TakeFrom(root)
	pv.FreeRoot(root)
	space.Map(codeAt, 0)
	space.Free()
	pv.FreePage(page)
}

// userMode is the bit of a page fault's error code.
const userMode = 1 << 2
