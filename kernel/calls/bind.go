package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/lines"
	"tuco/kernel/machine"
)

// The commands that open a port: its number goes back to the guest. If the guest
// can't be told, the port is closed again.

func allocUnbound(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.EvtchnAllocUnbound
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	h, d := v.Holder(), channels(find(v, s.Dom))
	port, e := evtchn.AllocUnbound(h, &v.Domain.Events, d, s.RemoteDom)
	if e != 0 {
		return fail(e)
	}
	s.Port = port
	return opened(v, d, port, put(v, arg, &s))
}

func bindInterdomain(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.EvtchnBindInterdomain
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	h, d := v.Holder(), &v.Domain.Events
	port, effect, e := evtchn.BindInterdomain(h, d, channels(find(v, s.RemoteDom)), s.RemotePort)
	if e != 0 {
		return fail(e)
	}
	machine.Apply(h, effect)
	s.LocalPort = port
	return opened(v, d, port, put(v, arg, &s))
}

func bindVIRQ(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.EvtchnBindVIRQ
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	d := &v.Domain.Events
	port, e := evtchn.BindVIRQ(v.Holder(), d, s.VIRQ, s.VCPU)
	if e != 0 {
		return fail(e)
	}
	s.Port = port
	return opened(v, d, port, put(v, arg, &s))
}

func bindPIRQ(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.EvtchnBindPIRQ
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	d := &v.Domain.Events
	port, e := lines.Bind(v.Holder(), v.Domain, s.PIRQ)
	if e != 0 {
		return fail(e)
	}
	s.Port = port
	return opened(v, d, port, put(v, arg, &s))
}

func bindIPI(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.EvtchnBindIPI
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	d := &v.Domain.Events
	port, e := evtchn.BindIPI(v.Holder(), d, s.VCPU)
	if e != 0 {
		return fail(e)
	}
	s.Port = port
	return opened(v, d, port, put(v, arg, &s))
}

// opened is the result of a command that has opened a port of d's.
func opened(v *domain.VCPU, d *evtchn.Domain, port hypercall.Port, told bool) int64 {
	if !told {
		evtchn.Close(v.Holder(), d, port)
		return fail(hypercall.EFAULT)
	}
	return 0
}
