package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/pv"
)

// physdevOp is physdev_op.
//
// EFAULT. ENOSYS: no such command, or one for interrupts by messages, which no domain
// has. EPERM: the caller is not privileged, where the command is for such domains.
func physdevOp(v *domain.VCPU, a *hypercall.Args) int64 {
	c := a.PhysdevOp()
	switch c.Cmd {
	case hypercall.PHYSDEVOP_set_iopl:
		return setIOPL(v, c.Arg)
	case hypercall.PHYSDEVOP_set_iobitmap:
		return setIOBitmap(v, c.Arg)
	case hypercall.PHYSDEVOP_irq_status_query:
		return queryIRQ(v, c.Arg)
	case hypercall.PHYSDEVOP_eoi:
		return endIRQ(v, c.Arg)
	case hypercall.PHYSDEVOP_map_pirq:
		return mapPIRQ(v, c.Arg)
	case hypercall.PHYSDEVOP_unmap_pirq:
		return unmapPIRQ(v, c.Arg)
	case hypercall.PHYSDEVOP_get_free_pirq:
		return freePIRQ(v, c.Arg)
	}
	handler := forDomain0(c.Cmd)
	if handler == nil {
		return fail(hypercall.ENOSYS)
	}
	if !v.Domain.Privileged {
		return fail(hypercall.EPERM)
	}
	return handler(v, c.Arg)
}

// forDomain0 is the handler of a command that is for privileged domains; nil if there
// is none.
func forDomain0(cmd uint32) func(*domain.VCPU, hypercall.Handle[byte]) int64 {
	switch cmd {
	case hypercall.PHYSDEVOP_alloc_irq_vector:
		return allocIRQ
	case hypercall.PHYSDEVOP_setup_gsi:
		return setupGSI
	case hypercall.PHYSDEVOP_apic_read:
		return readAPIC
	case hypercall.PHYSDEVOP_apic_write:
		return writeAPIC
	case hypercall.PHYSDEVOP_pci_device_add:
		return addPCI
	case hypercall.PHYSDEVOP_pci_device_remove:
		return removePCI
	case hypercall.PHYSDEVOP_manage_pci_add:
		return addPCIByBus
	case hypercall.PHYSDEVOP_manage_pci_add_ext:
		return addPCIExt
	case hypercall.PHYSDEVOP_manage_pci_remove:
		return removePCIByBus
	}
	return nil
}

// setIOPL is PHYSDEVOP_set_iopl. EINVAL: no such level.
func setIOPL(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevSetIOPL
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.IOPL > 3 {
		return fail(hypercall.EINVAL)
	}
	pv.SetIOPL(v, uint8(s.IOPL))
	return 0
}

// setIOBitmap is PHYSDEVOP_set_iobitmap. EINVAL: more ports than there are, or a
// bitmap of all of them would not be in the guest's part of the address space.
func setIOBitmap(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevSetIobitmap
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	const ports = 1 << 16
	start := frame.VAddr(s.Bitmap)
	if s.NrPorts > ports || !guestmem.Usable(start) || !guestmem.Usable(start+ports/8-1) {
		return fail(hypercall.EINVAL)
	}
	v.PV.IOBitmap, v.PV.IOPorts = start, s.NrPorts
	return 0
}
