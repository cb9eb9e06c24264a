package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/lines"
	"tuco/kernel/pv"
)

// newMessage is CONTROLOP_message. If the caller can't be told which interrupt it is there is none.
//
// ESRCH. EINVAL: a domain that has no physical interrupts. Others are lines.NewMessage's.
func newMessage(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.ControlMessage
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	d, e := target(&s.Target)
	if e == 0 && !lines.Has(d) {
		e = hypercall.EINVAL
	}
	if e != 0 {
		return fail(e)
	}
	n, m, e := lines.NewMessage(v.Holder())
	if e != 0 {
		return fail(e)
	}
	s.Address, s.Data, s.PIRQ = m.Address, m.Data, uint32(n)
	if !put(v, arg, &s) {
		lines.Unmap(v.Holder(), n)
		return fail(hypercall.EFAULT)
	}
	return 0
}

// changePorts is CONTROLOP_ports. ESRCH. EINVAL: a flag that there is not, or the domain is privileged. Others are pv.GivePorts' and
// pv.TakePorts'.
func changePorts(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.ControlPorts
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.Flags&^hypercall.CONTROLPORTS_give != 0 {
		return fail(hypercall.EINVAL)
	}
	d, e := target(&s.Target)
	switch {
	case e != 0:
	case d.Privileged:
		e = hypercall.EINVAL
	case s.Flags != 0:
		e = pv.GivePorts(v.Holder(), d.ID, s.First, s.Last)
	default:
		e = pv.TakePorts(v.Holder(), d.ID, s.First, s.Last)
	}
	return fail(e)
}
