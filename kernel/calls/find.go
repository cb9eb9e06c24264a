package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/machine"
)

// find is the domain that a guest names, DOMID_SELF for its own; nil if there is
// none.
func find(v *domain.VCPU, id hypercall.DomID) *domain.Domain {
	if id == hypercall.DOMID_SELF {
		return v.Domain
	}
	return machine.Find(domain.ID(id))
}

// channels are a domain's event channels, none of no domain.
func channels(d *domain.Domain) *evtchn.Domain {
	if d == nil {
		return nil
	}
	return &d.Events
}
