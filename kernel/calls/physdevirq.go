package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/lines"
)

// mapPIRQ is PHYSDEVOP_map_pirq: a domain gives one of its numbers to an interrupt.
//
// ESRCH: there is no such domain. EPERM: the caller is not privileged. EINVAL: no
// such kind, or no such line or number; or the domain is another one, which has none.
// ENODEV: an interrupt by a message, which no device has. The others are lines.Map's.
func mapPIRQ(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevMapPIRQ
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if e := ownLines(v, s.DomID); e != 0 {
		return fail(e)
	}
	switch s.Type {
	case hypercall.MAP_PIRQ_TYPE_GSI:
	case hypercall.MAP_PIRQ_TYPE_MSI, hypercall.MAP_PIRQ_TYPE_MSI_SEG, hypercall.MAP_PIRQ_TYPE_MULTI_MSI:
		return fail(hypercall.ENODEV)
	default:
		return fail(hypercall.EINVAL)
	}
	n, e := lines.Map(v.Holder(), s.Index, s.PIRQ)
	if e != 0 {
		return fail(e)
	}
	s.PIRQ = n
	return given(put(v, arg, &s))
}

// unmapPIRQ is PHYSDEVOP_unmap_pirq.
//
// ESRCH: there is no such domain. EPERM: the caller is not privileged. EINVAL: the
// number stands for nothing; or the domain is another one.
func unmapPIRQ(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevUnmapPIRQ
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if e := ownLines(v, s.DomID); e != 0 {
		return fail(e)
	}
	return fail(lines.Unmap(v.Holder(), s.PIRQ))
}

// ownLines tells why a guest may not map lines for a domain that it names; 0: it may,
// as it is the domain that has them.
func ownLines(v *domain.VCPU, id hypercall.DomID) hypercall.Errno {
	switch d := find(v, id); {
	case d == nil:
		return hypercall.ESRCH
	case !v.Domain.Privileged:
		return hypercall.EPERM
	case d != v.Domain:
		return hypercall.EINVAL
	}
	return 0
}

// freePIRQ is PHYSDEVOP_get_free_pirq: a number that stands for nothing yet. ENOSPC:
// there is none, as in domains that have no interrupts.
func freePIRQ(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevGetFreePIRQ
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if !v.Domain.Privileged {
		return fail(hypercall.ENOSPC)
	}
	n, e := lines.Reserve(v.Holder(), s.Type == hypercall.MAP_PIRQ_TYPE_GSI)
	if e != 0 {
		return fail(e)
	}
	s.PIRQ = uint32(n)
	return given(put(v, arg, &s))
}

// queryIRQ is PHYSDEVOP_irq_status_query. EINVAL: the domain has no such number.
func queryIRQ(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevIRQStatusQuery
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.IRQ >= v.Domain.Events.PIRQs {
		return fail(hypercall.EINVAL)
	}
	s.Flags = 0
	if lines.NeedsEOI(v.Holder(), s.IRQ) {
		s.Flags = hypercall.XENIRQSTAT_needs_eoi
	}
	return given(put(v, arg, &s))
}

// endIRQ is PHYSDEVOP_eoi: the guest has served an interrupt. EINVAL: the number stands
// for nothing.
func endIRQ(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevEOI
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.IRQ >= v.Domain.Events.PIRQs {
		return fail(hypercall.EINVAL)
	}
	return fail(lines.EOI(v.Holder(), s.IRQ))
}

// setupGSI is PHYSDEVOP_setup_gsi. The errors are lines.Setup's.
func setupGSI(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevSetupGSI
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	return fail(lines.Setup(v.Holder(), s.GSI, s.Triggering != 0, s.Polarity != 0))
}

// allocIRQ is PHYSDEVOP_alloc_irq_vector. The vector is the hypervisor's affair; as on
// Xen, the number of the line stands for it.
func allocIRQ(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevIRQ
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	s.Vector = s.IRQ
	return given(put(v, arg, &s))
}
