package main

import (
	"context"

	"tuco/guestlib/evtchn"
	"tuco/guestlib/hyper"
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

// ports is a port that is opened and closed. The more are open before, the longer the search for a free one takes.
func ports() ([]row, error) {
	opens, closes := eventOp(hypercall.EVTCHNOP_alloc_unbound, &alloc), eventOp(hypercall.EVTCHNOP_close, &alloc.Port)
	return []row{probed("evtchn alloc_unbound+close", 1, func() {
		alloc = hypercall.EvtchnAllocUnbound{Dom: hypercall.DOMID_SELF, RemoteDom: hypercall.DOMID_SELF}
	}, func() probe.Reading { return probe.Both(opens, closes) })}, nil
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
	raw, err := hyper.Event("make a port", hypercall.EVTCHNOP_bind_ipi, hypercall.EvtchnBindIPI{}) // whose events the library does not know of
	if err != nil {
		return nil, err
	}
	if _, err := hyper.Event("unmask a port", hypercall.EVTCHNOP_unmask, hypercall.EvtchnUnmask{Port: raw.Port}); err != nil {
		return nil, err
	}
	sends, unmasks := eventOp(hypercall.EVTCHNOP_send, &send), eventOp(hypercall.EVTCHNOP_unmask, &unmask)
	to := func(port hypercall.Port) func() {
		return func() { send.Port, unmask.Port = port, port }
	}
	return []row{
		probed("evtchn send, already pending/masked upcalls", 1, to(quiet.Port()), func() probe.Reading { return probe.Time(sends) }),
		probed("evtchn send -> upcall handler entry", 1, to(raw.Port), func() probe.Reading {
			entry, _ := probe.Event(sends, raw.Port)
			return entry
		}),
		probed("evtchn send + upcall + iret (round trip)", 1, to(raw.Port), func() probe.Reading {
			_, whole := probe.Event(sends, raw.Port)
			return whole
		}),
		probed("evtchn send, event masked upcall (pending=0 first)", 1, to(raw.Port), func() probe.Reading { return probe.Masked(sends, raw.Port) }),
		probed("evtchn unmask", 1, to(loud.Port()), func() probe.Reading { return probe.Time(unmasks) }),
		{op: "evtchn send to self, taken by the library", n: 1, before: func() {
			to(loud.Port())()
			check(hypercalls.EventOp(hypercall.EVTCHNOP_unmask, &unmask))
		}, work: func() { check(hypercalls.EventOp(hypercall.EVTCHNOP_send, &send)) }},
		{op: "evtchn send to self, a goroutine wakes", n: 1, work: func() {
			if loud.Notify() != nil || loud.Wait(context.Background()) != nil {
				check(hypercall.EINVAL)
			}
		}},
	}, nil
}
