package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
)

// updateVAMapping is update_va_mapping.
//
// EFAULT: the bitmap of vCPUs can't be read; the entry has changed. EINVAL: no L1
// table maps the address; and those of errno.
func updateVAMapping(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.UpdateVAMapping()
	return mapVA(v, &s, pagetype.Owner(v.Domain.ID))
}

// updateVAMappingOtherdomain is update_va_mapping_otherdomain: the errors of
// updateVAMapping and of frameOwner.
func updateVAMappingOtherdomain(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.UpdateVAMappingOtherdomain()
	_, from, e := frameOwner(v, s.DomID)
	if e != 0 {
		return fail(e)
	}
	return mapVA(v, &s.UpdateVAMappingArgs, from)
}

// mapVA changes the entry, and flushes what the guest wants flushed.
func mapVA(v *domain.VCPU, s *hypercall.UpdateVAMappingArgs, from pagetype.Owner) int64 {
	h, d := v.Holder(), v.Domain
	var c mm.Call
	c.Begin(h, &d.Memory, from, machine.Budget)
	r := d.Memory.UpdateVA(&c, int(v.ID), frame.VAddr(s.VA), pagetype.PTE(s.Val))
	if machine.Settle(h, d, &c, r) {
		return domain.Continue
	}
	if e := errno(r); e != 0 {
		return fail(e)
	}
	what := s.Flags.Type()
	if what != hypercall.UVMF_INVLPG && what != hypercall.UVMF_TLB_FLUSH {
		return 0
	}
	who := uint64(1) << v.ID
	switch s.Flags.Where() {
	case hypercall.UVMF_LOCAL:
	case hypercall.UVMF_ALL:
		who = ^uint64(0)
	default:
		var ok bool
		if who, ok = vcpuMask(v, s.Flags.VCPUMask()); !ok {
			return fail(hypercall.EFAULT)
		}
	}
	if what == hypercall.UVMF_INVLPG {
		flushPage(v, who, frame.VAddr(s.VA))
	} else {
		flush(v, who)
	}
	return 0
}
