package traps

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// The bits of a page fault's error code.
const (
	present = 1 << 0 // the entry was there, and did not allow it
	write   = 1 << 1
	user    = 1 << 2
	fetch   = 1 << 4
)

// target is the address that the functions below touch; it is not on their stack, as user mode has no arguments.
var target uint64

func readTarget()
func writeTarget()
func jumpTarget()

// mappings of the page that is touched, and what comes of it. Frames are filled in.
var mappings = [...]struct {
	what  string
	flags uint64
	code  func()
	err   uint64
}{
	{"read, not present", 0, readTarget, 0},
	{"write, not present", 0, writeTarget, write},
	{"write, read-only", pv.RO, writeTarget, write | present},
	{"read, read-only", pv.RO, readTarget, noFault},
	{"write, writable", pv.RW, writeTarget, noFault},
	{"jump, no execute", pv.RO | pv.NX, jumpTarget, fetch | present},
}

const noFault = 1 << 32

func pageFault(t *pv.T) {
	touch(t, pv.Catch, pv.None, 0)
	t.Equal("cr2 as the guest reads it", readCR2(), target)
}

func pageFaultUser(t *pv.T) { touch(t, pv.RunUser, pv.Syscall64, user) }

// touch runs the table with code that ends with a trap, or with done.
func touch(t *pv.T, run func(func()) pv.Trap, done pv.Vector, bits uint64) {
	page := pv.AllocPage()
	target = page + 0x123
	for i := range mappings {
		m := &mappings[i]
		entry := m.flags
		if entry != 0 {
			entry |= pv.MFN(page) * pv.PageSize
		}
		t.OK("mapping", pv.UpdateVAMapping(page, entry, hypercall.UVMF_INVLPG))
		trap := run(m.code)
		if m.err == noFault {
			t.Trapped(m.what, trap, done, 0)
			continue
		}
		if t.Trapped(m.what, trap, pv.PF, m.err|bits) {
			t.Equal("cr2", trap.CR2, target)
		}
	}
	t.OK("mapping", pv.UpdateVAMapping(page, pv.MFN(page)*pv.PageSize|pv.RW, hypercall.UVMF_INVLPG))
	pv.FreePage(page)
}

func readCR2() uint64

// hole is the first address of the hypervisor's part of the address space.
func hypervisorSpace(t *pv.T) {
	for _, at := range [...]uint64{hypercall.HYPERVISOR_VIRT_END - 8, hypercall.MACH2PHYS_VIRT_END} {
		target = at
		t.Trapped("read of the hypervisor's space", pv.Catch(readTarget), pv.PF, 0)
	}
	target = hypercall.MACH2PHYS_VIRT_START
	t.NoTrap("read of the machine-to-physical table", pv.Catch(readTarget))
	t.Trapped("write to the machine-to-physical table", pv.Catch(writeTarget), pv.PF, write|present)
}
