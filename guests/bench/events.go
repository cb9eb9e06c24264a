package main

import (
	"context"

	"tuco/guestlib/evtchn"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/probe"
	"tuco/hypercall"
)

var (
	alloc  hypercall.EvtchnAllocUnbound
	send   hypercall.EvtchnSend
	unmask hypercall.EvtchnUnmask
)

// eventOp is an event_channel_op's registers.
func eventOp[T any](cmd uint64, arg *T) *probe.Call {
	return newCall(hypercall.HYPERVISOR_event_channel_op, cmd, hypercalls.Address(arg))
}

// events is event channels, between this guest and itself.
func events() ([]row, error) {
	quiet, err := evtchn.BindIPI(0) // after its first event it is masked, as nobody waits
	if err != nil {
		return nil, err
	}
	loud, err := evtchn.BindIPI(0)
	if err != nil {
		return nil, err
	}
	if err := quiet.Notify(); err != nil {
		return nil, err
	}
	opens, closes, sends, unmasks := eventOp(hypercall.EVTCHNOP_alloc_unbound, &alloc), eventOp(hypercall.EVTCHNOP_close, &alloc.Port),
		eventOp(hypercall.EVTCHNOP_send, &send), eventOp(hypercall.EVTCHNOP_unmask, &unmask)
	return []row{
		probed("evtchn alloc_unbound+close", 1, func() {
			alloc = hypercall.EvtchnAllocUnbound{Dom: hypercall.DOMID_SELF, RemoteDom: hypercall.DOMID_SELF}
		}, func() probe.Reading { return probe.Both(opens, closes) }),
		probed("evtchn send, already pending/masked upcalls", 1, func() { send.Port = quiet.Port() }, func() probe.Reading { return probe.Time(sends) }),
		probed("evtchn unmask", 1, func() { unmask.Port = loud.Port() }, func() probe.Reading { return probe.Time(unmasks) }),
		{op: "evtchn send to self, taken by the library", n: 1, before: func() {
			unmask.Port = loud.Port()
			check(hypercalls.EventOp(hypercall.EVTCHNOP_unmask, &unmask))
			send.Port = loud.Port()
		}, work: func() { check(hypercalls.EventOp(hypercall.EVTCHNOP_send, &send)) }},
		{op: "evtchn send to self, a goroutine wakes", n: 1, work: func() {
			if loud.Notify() != nil || loud.Wait(context.Background()) != nil {
				check(hypercall.EINVAL)
			}
		}},
	}, nil
}
