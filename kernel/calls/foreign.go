package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
)

// frameOwner is whom a call names as the owner of the frames that it is about:
// the caller, as DOMID_SELF only; nobody, with DOMID_IO for devices' frames; or,
// for a privileged caller, another domain. The domain is nil where the owner is
// none.
//
// ESRCH: there is no such domain. EPERM: the caller has no rights over it.
func frameOwner(v *domain.VCPU, id hypercall.DomID) (*domain.Domain, pagetype.Owner, hypercall.Errno) {
	switch id {
	case hypercall.DOMID_SELF:
		return v.Domain, pagetype.Owner(v.Domain.ID), 0
	case v.Domain.DomID():
		return nil, 0, hypercall.ESRCH
	case hypercall.DOMID_IO:
		return nil, pagetype.Owner(id), 0 // owns no RAM, and rights are the page tables' affair
	case hypercall.DOMID_XEN:
		return nil, pagetype.Owner(id), over(v)
	}
	d := machine.Find(domain.ID(id))
	if d == nil {
		return nil, 0, hypercall.ESRCH
	}
	return d, pagetype.Owner(id), over(v)
}

// tableOwner is whose page tables mmu_update is to change: the caller's, if it
// names none, or itself by its number; or for a privileged caller another domain's.
// Errors: those of frameOwner.
func tableOwner(v *domain.VCPU, f hypercall.ForeignDom) (*domain.Domain, hypercall.Errno) {
	id, named := f.Tables()
	if !named || id == v.Domain.DomID() {
		return v.Domain, 0
	}
	d := machine.Find(domain.ID(id))
	if d == nil {
		return nil, hypercall.ESRCH
	}
	return d, over(v)
}

// over is EPERM unless the caller has rights over other domains.
func over(v *domain.VCPU) hypercall.Errno {
	if !v.Domain.Privileged {
		return hypercall.EPERM
	}
	return 0
}
