package lines

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func addPCI(segment uint16, bus, devfn uint8, flags uint32) uint64 {
	arg := hypercall.PhysdevPCIDeviceAdd{Seg: segment, Bus: bus, Devfn: devfn, Flags: flags}
	return pv.PhysdevOp(hypercall.PHYSDEVOP_pci_device_add, &arg)
}

func removePCI(segment uint16, bus, devfn uint8) uint64 {
	arg := hypercall.PhysdevPCIDevice{Seg: segment, Bus: bus, Devfn: devfn}
	return pv.PhysdevOp(hypercall.PHYSDEVOP_pci_device_remove, &arg)
}

func pci(t *pv.T) {
	const bus, devfn = 5, 0x33
	for _, flags := range [...]uint32{0, hypercall.XEN_PCI_DEV_EXTFN, hypercall.XEN_PCI_DEV_VIRTFN} {
		for _, segment := range [...]uint16{0, 3} {
			t.OK("add", addPCI(segment, bus, devfn, flags))
			t.OK("add once more", addPCI(segment, bus, devfn, flags))
			t.OK("remove", removePCI(segment, bus, devfn))
			t.Errno("remove once more", removePCI(segment, bus, devfn), hypercall.ENODEV)
		}
	}
	t.Errno("remove what was never there", removePCI(0, bus+1, devfn), hypercall.ENODEV)

	old := hypercall.PhysdevManagePCI{Bus: bus, Devfn: devfn}
	t.OK("manage_pci_add", pv.PhysdevOp(hypercall.PHYSDEVOP_manage_pci_add, &old))
	t.OK("manage_pci_remove", pv.PhysdevOp(hypercall.PHYSDEVOP_manage_pci_remove, &old))
	t.Errno("manage_pci_remove once more", pv.PhysdevOp(hypercall.PHYSDEVOP_manage_pci_remove, &old), hypercall.ENODEV)
	for _, c := range [...]struct {
		ext, virt uint32
		err       hypercall.Errno
	}{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {2, 0, hypercall.EINVAL}, {0, 2, hypercall.EINVAL}} {
		arg := hypercall.PhysdevManagePCIExt{Bus: bus, Devfn: devfn, IsExtfn: c.ext, IsVirtfn: c.virt}
		t.Errno("manage_pci_add_ext", pv.PhysdevOp(hypercall.PHYSDEVOP_manage_pci_add_ext, &arg), c.err)
		if c.err == 0 {
			t.OK("remove", removePCI(0, bus, devfn))
		}
	}
}

// controller reads and writes the registers of the I/O APIC.
func controller(t *pv.T) {
	const at, version, entries, masked = 0xfec0_0000, 1, 0x10, 1 << 16
	read := func(at uint64, r uint32) (uint32, uint64) {
		arg := hypercall.PhysdevAPIC{ApicPhysbase: at, Reg: r}
		result := pv.PhysdevOp(hypercall.PHYSDEVOP_apic_read, &arg)
		return arg.Value, result
	}
	write := func(at uint64, r, value uint32) uint64 {
		arg := hypercall.PhysdevAPIC{ApicPhysbase: at, Reg: r, Value: value}
		return pv.PhysdevOp(hypercall.PHYSDEVOP_apic_write, &arg)
	}
	v, result := read(at, version)
	t.OK("read the version", result)
	t.Check(v&0xff >= 0x11 && v>>16&0xff >= 15, "version %x", uint64(v))
	_, result = read(at+0x1000, version)
	t.Errno("read of a controller that is none", result, hypercall.EINVAL)
	t.Errno("write to one that is none", write(at+0x1000, entries, masked), hypercall.EINVAL)
	for r := range uint32(0x50) {
		v, result := read(at, r)
		t.OK("read", result)
		if !pv.OnTuco() {
			continue // Xen does what is written, and it could be the end of it
		}
		t.OK("write", write(at, r, masked))
		after, result := read(at, r)
		t.OK("read again", result)
		t.Equal("what was written where it may not be", uint64(after), uint64(v))
	}
}
