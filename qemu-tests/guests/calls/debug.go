package calls

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Bits of DR7.
const (
	enable0       = 1 << 0  // breakpoint 0
	onPort0       = 2 << 16 // is on I/O
	generalDetect = 1 << 13
	fixed7        = 1 << 10
)

const cr4DE = 1 << 3

func debugRegisters(t *pv.T) {
	for reg := range uint64(4) {
		t.OK("set", pv.SetDebugreg(reg, 0x1234_5678_9abc+reg))
		t.Equal("get", pv.GetDebugreg(reg), 0x1234_5678_9abc+reg)
		t.OK("set", pv.SetDebugreg(reg, 0))
	}
	const fixed6, zero6 = 0xffff_0ff0, 1 << 12
	t.OK("set DR6", pv.SetDebugreg(6, 0))
	t.Equal("DR6 has its fixed bits", pv.GetDebugreg(6), fixed6)
	t.OK("set DR6", pv.SetDebugreg(6, 0xffff_ffff))
	t.Equal("DR6 has its fixed zero", pv.GetDebugreg(6)&zero6, 0)
	t.OK("set DR7", pv.SetDebugreg(7, enable0))
	t.Equal("DR7 has its fixed bit", pv.GetDebugreg(7), enable0|fixed7)
	t.OK("set DR7", pv.SetDebugreg(7, 0))
	t.Equal("DR7", pv.GetDebugreg(7), fixed7)

	// Without CR4.DE, 4 and 5 are other names of 6 and 7.
	was := pv.ReadCR4()
	pv.WriteCR4(was &^ cr4DE)
	t.OK("set DR4", pv.SetDebugreg(4, 0))
	t.OK("set DR5", pv.SetDebugreg(5, 0))
	t.Equal("DR4", pv.GetDebugreg(4), pv.GetDebugreg(6))
	t.Equal("DR5", pv.GetDebugreg(5), pv.GetDebugreg(7))
	t.Errno("breakpoint on I/O", pv.SetDebugreg(7, enable0|onPort0), hypercall.EPERM)
	pv.WriteCR4(was | cr4DE)
	t.Errno("set DR4 with CR4.DE", pv.SetDebugreg(4, 0), hypercall.ENODEV)
	t.Errno("set DR5 with CR4.DE", pv.SetDebugreg(5, 0), hypercall.ENODEV)
	t.Errno("get DR4 with CR4.DE", pv.GetDebugreg(4), hypercall.ENODEV)
	t.Errno("get DR5 with CR4.DE", pv.GetDebugreg(5), hypercall.ENODEV)
	t.OK("breakpoint on I/O with CR4.DE", pv.SetDebugreg(7, enable0|onPort0))
	t.OK("set DR7", pv.SetDebugreg(7, 0))
	pv.WriteCR4(was)
}

func debugRegistersRefused(t *pv.T) {
	for reg := range uint64(4) {
		for _, at := range [...]uint64{nonCanonical, hypercall.HYPERVISOR_VIRT_START, hypercall.HYPERVISOR_VIRT_END - 1} {
			t.Errno("address of the hypervisor's", pv.SetDebugreg(reg, at), hypercall.EPERM)
		}
	}
	t.Errno("general detection", pv.SetDebugreg(7, generalDetect), hypercall.EPERM)
	t.Errno("upper half of DR6", pv.SetDebugreg(6, 1<<32), hypercall.EINVAL)
	t.Errno("upper half of DR7", pv.SetDebugreg(7, 1<<32), hypercall.EINVAL)
	for _, reg := range [...]uint64{8, 63, ^uint64(0)} {
		t.Errno("set no such register", pv.SetDebugreg(reg, 0), hypercall.ENODEV)
		t.Errno("get no such register", pv.GetDebugreg(reg), hypercall.ENODEV)
	}
	t.Equal("DR7", pv.GetDebugreg(7), fixed7)
}
