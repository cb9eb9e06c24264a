package calls

import (
	"tuco/hypercall"
	"tuco/kernel/create"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
)

// destroyDomain is CONTROLOP_destroy. It makes a step at a time, and has the caller ask again, who
// gets his events meanwhile: taking a large domain apart takes long. Whether he does or not, CPUs that have
// nothing else to do go on with it.
//
// EINVAL: the serial is missing, without which another domain could be hit that gets the number
// meanwhile. ESRCH. EPERM: the domain is privileged. EAGAIN: more is to be done. EBUSY: others use frames of it.
func destroyDomain(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.ControlTarget
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.Serial == 0 {
		return fail(hypercall.EINVAL)
	}
	if d, e := target(&s); e == 0 {
		if d.Privileged {
			return fail(hypercall.EPERM)
		}
		machine.Destroy(v.Holder(), d)
		return fail(hypercall.EAGAIN)
	}
	if !dying(&s) {
		return fail(hypercall.ESRCH)
	}
	switch others := create.Help(v.Holder(), domain.ID(s.DomID)); {
	case !dying(&s):
		return 0
	case others:
		return fail(hypercall.EBUSY)
	}
	return fail(hypercall.EAGAIN)
}

// dying tells whether a domain that is not to be found is being taken apart.
func dying(t *hypercall.ControlTarget) bool {
	var x hypercall.ControlDomain
	return machine.Dying(domain.ID(t.DomID), &x) && x.Serial == t.Serial
}
