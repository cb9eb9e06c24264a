package ways

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// On Tuco the first vCPU has pages of the hypervisor's from window on: of code, and of data behind it. On Xen there are other
// things at the addresses.
const (
	window   = 0xffff_8080_0020_0000
	ownCode  = window + 32*pv.PageSize
	ownPages = 2
)

// target is what the functions below touch.
var target uint64

func readTarget()
func writeTarget()
func jumpTarget()

// area: these pages are out of reach of user mode, as data and as code, and iret goes there no better.
func area(t *pv.T) {
	shared()
	touchArea(t, pv.RunUser)
	for at := uint64(ownCode); at < ownCode+pv.PageSize; at += 16 {
		for _, how := range [...]uint64{0, hypercall.VGCF_in_syscall} {
			var u pv.User
			u.StartAt(at, userStack)
			u.Iret.Flags = how
			requireKept(t, u.Run(), at)
		}
	}
}

// areaKernel: nor can the kernel.
func areaKernel(t *pv.T) {
	touchArea(t, pv.Catch)
	for address = ownCode; address < ownCode+pv.PageSize; address += 16 {
		requireKept(t, returned(func(f *pv.Frame) { f.Iret.RIP = address }), address)
	}
}

func touchArea(t *pv.T, run func(func()) pv.Trap) {
	for target = ownCode; target < ownCode+pv.PageSize; target++ {
		requireKept(t, run(jumpTarget), target)
	}
	for target = ownCode; target < ownCode+ownPages*pv.PageSize; target += 8 {
		requireKept(t, run(readTarget), target)
		requireKept(t, run(writeTarget), target)
	}
}

func requireKept(t *pv.T, trap pv.Trap, at uint64) {
	t.Check(trap.Vector == pv.PF && trap.CR2 == at, "at %x: trap %d, cr2 %x", at, uint64(trap.Vector), trap.CR2)
}
