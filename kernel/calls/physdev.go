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
// EFAULT. ENOSYS: no such command, or one for PCI devices, which no domain has yet.
func physdevOp(v *domain.VCPU, a *hypercall.Args) int64 {
	c := a.PhysdevOp()
	switch c.Cmd {
	case hypercall.PHYSDEVOP_set_iopl:
		return setIOPL(v, c.Arg)
	case hypercall.PHYSDEVOP_set_iobitmap:
		return setIOBitmap(v, c.Arg)
	case hypercall.PHYSDEVOP_alloc_irq_vector:
		return allocIRQ(v, c.Arg)
	case hypercall.PHYSDEVOP_irq_status_query:
		return queryIRQ(v, c.Arg)
	case hypercall.PHYSDEVOP_eoi:
		return endIRQ(v, c.Arg)
	}
	return fail(hypercall.ENOSYS)
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

// allocIRQ is PHYSDEVOP_alloc_irq_vector: a domain 0 that has no interrupt
// controller says so which interrupt lines it knows of. The vector is the
// hypervisor's affair; as on Xen, the number of the line stands for it.
//
// EPERM: the caller is not privileged. EINVAL: no such interrupt.
func allocIRQ(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevIRQ
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if !v.Domain.Privileged {
		return fail(hypercall.EPERM)
	}
	if s.IRQ >= v.Domain.Events.PIRQs {
		return fail(hypercall.EINVAL)
	}
	s.Vector = s.IRQ
	return given(put(v, arg, &s))
}

// queryIRQ is PHYSDEVOP_irq_status_query. EINVAL: no such interrupt.
func queryIRQ(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevIRQStatusQuery
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.IRQ >= v.Domain.Events.PIRQs {
		return fail(hypercall.EINVAL)
	}
	s.Flags = hypercall.XENIRQSTAT_needs_eoi // for all we know
	return given(put(v, arg, &s))
}

// endIRQ is PHYSDEVOP_eoi: the guest has served an interrupt. EINVAL: it has none of
// this number.
func endIRQ(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevEOI
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if !v.Domain.Events.PIRQBound(s.IRQ) {
		return fail(hypercall.EINVAL)
	}
	return 0
}
