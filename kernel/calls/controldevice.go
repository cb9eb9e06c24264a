package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/lines"
	"tuco/kernel/machine"
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
	d, e := receiver(&s.Target)
	switch {
	case e != 0:
	case s.Flags != 0:
		e = pv.GivePorts(v.Holder(), d.ID, s.First, s.Last)
	default:
		e = pv.TakePorts(v.Holder(), d.ID, s.First, s.Last)
	}
	return fail(e)
}

// changeIOMemory is CONTROLOP_io_memory. ESRCH. EINVAL: a flag that there is not, frames that no address has, or the domain is privileged.
// Others are machine.GiveDevice's and machine.TakeDevice's.
func changeIOMemory(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.ControlIOMemory
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	const frames = 1 << 40
	if s.Flags&^hypercall.CONTROLIOMEMORY_give != 0 || s.First > frames || s.Count > frames {
		return fail(hypercall.EINVAL)
	}
	r := frame.Between(frame.MFN(s.First), frame.MFN(s.First+s.Count))
	d, e := receiver(&s.Target)
	switch {
	case e != 0:
	case s.Flags != 0:
		e = machine.GiveDevice(v.Holder(), d, r)
	default:
		e = machine.TakeDevice(v.Holder(), d, r)
	}
	return fail(e)
}

// receiver is the domain that is given a part of the machine. ESRCH. EINVAL: the domain is privileged, and has all that there is to be had.
func receiver(t *hypercall.ControlTarget) (*domain.Domain, hypercall.Errno) {
	d, e := target(t)
	if e == 0 && d.Privileged {
		e = hypercall.EINVAL
	}
	return d, e
}
