package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/layout"
	"tuco/kernel/machine"
	"tuco/kernel/sched"
)

// maxCap is the highest cap, in percent of a CPU: of as many as a machine can have.
const maxCap = 100 * layout.MaxCPUs

// pauseDomain is CONTROLOP_pause. When it returns, none of the domain's vCPUs runs, and what they
// were at has been written to where others can see it.
//
// ESRCH. EINVAL: the caller's own domain, which could not unpause itself.
func pauseDomain(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	d, e := targetAt(v, arg)
	if e == 0 && d == v.Domain {
		e = hypercall.EINVAL
	}
	if e != 0 {
		return fail(e)
	}
	machine.Pause(v.Holder(), d)
	if !machine.Stopped(d) {
		return domain.Continue
	}
	return 0
}

// unpauseDomain is CONTROLOP_unpause. ESRCH.
func unpauseDomain(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	d, e := targetAt(v, arg)
	if e == 0 {
		machine.Unpause(v.Holder(), d)
	}
	return fail(e)
}

// targetAt is the domain that a command is about which takes no more.
func targetAt(v *domain.VCPU, arg hypercall.Handle[byte]) (*domain.Domain, hypercall.Errno) {
	var s hypercall.ControlTarget
	if !get(v, &s, arg) {
		return nil, hypercall.EFAULT
	}
	return target(&s)
}

// setSchedule is CONTROLOP_schedule. ESRCH. EINVAL: a number is out of bounds.
func setSchedule(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.ControlSchedule
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.Weight == 0 || s.Weight > sched.MaxWeight || s.Cap > maxCap {
		return fail(hypercall.EINVAL)
	}
	d, e := target(&s.Target)
	if e == 0 {
		d.Group.SetWeight(s.Weight)
		d.Group.SetCap(v.Holder(), s.Cap)
	}
	return fail(e)
}
