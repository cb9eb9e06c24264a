package main

import (
	"context"

	"tuco/guestlib/evtchn"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

var (
	alloc   hypercall.EvtchnAllocUnbound
	closing hypercall.EvtchnClose
	send    hypercall.EvtchnSend
	unmask  hypercall.EvtchnUnmask
)

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
	send.Port = quiet.Port()
	return []row{
		{op: "evtchn alloc_unbound+close", n: 1, work: func() {
			alloc = hypercall.EvtchnAllocUnbound{Dom: hypercall.DOMID_SELF, RemoteDom: hypercall.DOMID_SELF}
			check(hypercalls.EventOp(hypercall.EVTCHNOP_alloc_unbound, &alloc))
			closing.Port = alloc.Port
			check(hypercalls.EventOp(hypercall.EVTCHNOP_close, &closing))
		}},
		{op: "evtchn send, already pending/masked upcalls", n: 1, work: func() { check(hypercalls.EventOp(hypercall.EVTCHNOP_send, &send)) }},
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
