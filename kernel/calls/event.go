package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
)

// resetBudget is how many ports one step of EVTCHNOP_reset closes.
const resetBudget = 64

// eventChannelOp is event_channel_op.
//
// EFAULT. ENOSYS: no such command, or one for channels that are not two-level.
// The other errors are those that package evtchn names for each operation.
func eventChannelOp(v *domain.VCPU, a *hypercall.Args) int64 {
	c := a.EventChannelOp()
	switch c.Cmd {
	case hypercall.EVTCHNOP_bind_interdomain:
		return bindInterdomain(v, c.Arg)
	case hypercall.EVTCHNOP_bind_virq:
		return bindVIRQ(v, c.Arg)
	case hypercall.EVTCHNOP_bind_pirq:
		return bindPIRQ(v, c.Arg)
	case hypercall.EVTCHNOP_close:
		return closePort(v, c.Arg)
	case hypercall.EVTCHNOP_send:
		return send(v, c.Arg)
	case hypercall.EVTCHNOP_status:
		return status(v, c.Arg)
	case hypercall.EVTCHNOP_alloc_unbound:
		return allocUnbound(v, c.Arg)
	case hypercall.EVTCHNOP_bind_ipi:
		return bindIPI(v, c.Arg)
	case hypercall.EVTCHNOP_bind_vcpu:
		return bindVCPU(v, c.Arg)
	case hypercall.EVTCHNOP_unmask:
		return unmask(v, c.Arg)
	case hypercall.EVTCHNOP_reset:
		return reset(v, c.Arg)
	}
	return fail(hypercall.ENOSYS)
}

func closePort(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.EvtchnClose
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	return fail(evtchn.Close(v.Holder(), &v.Domain.Events, s.Port))
}

func send(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	port, ok := getPort(v, arg)
	if !ok {
		return fail(hypercall.EFAULT)
	}
	effect, e := evtchn.Send(v.Holder(), &v.Domain.Events, port)
	apply(v, effect)
	return fail(e)
}

// getPort is the argument of EVTCHNOP_send and of EVTCHNOP_unmask.
func getPort(v *domain.VCPU, arg hypercall.Handle[byte]) (hypercall.Port, bool) {
	port, ok := v.KernelMemory.GetUint32(frame.VAddr(arg))
	return hypercall.Port(port), ok
}

// apply does what an operation of the vCPU's own has for others. A vCPU that goes on to its
// guest finds what there is for itself.
func apply(v *domain.VCPU, e evtchn.Effect) {
	if e.Domain == &v.Domain.Events && !v.Leave {
		e.Upcall &^= 1 << (v.ID & (domain.MaxVCPUs - 1))
	}
	if !e.None() {
		machine.Apply(v.Holder(), e)
	}
}

func status(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.EvtchnStatus
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	d := find(v, s.Dom)
	if e := evtchn.Status(v.Holder(), &v.Domain.Events, channels(d), s.Port, &s); e != 0 {
		return fail(e)
	}
	return given(put(v, arg, &s))
}

func bindVCPU(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.EvtchnBindVCPU
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	return fail(evtchn.BindVCPU(v.Holder(), &v.Domain.Events, s.Port, s.VCPU))
}

func unmask(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	port, ok := getPort(v, arg)
	if !ok {
		return fail(hypercall.EFAULT)
	}
	effect, e := evtchn.Unmask(&v.Domain.Events, port)
	apply(v, effect)
	return fail(e)
}

// reset closes all ports of a domain, some at a time. Another domain's have to be
// at rest.
//
// EINVAL: another domain, and it runs.
func reset(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.EvtchnReset
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	d := find(v, s.Dom)
	if d != nil && d != v.Domain && v.Domain.Privileged && !d.Shutdown.Load() {
		return fail(hypercall.EINVAL)
	}
	done, e := evtchn.Reset(v.Holder(), &v.Domain.Events, channels(d), resetBudget)
	if !done {
		return domain.Continue
	}
	return fail(e)
}
