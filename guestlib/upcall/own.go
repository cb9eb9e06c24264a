package upcall

import (
	"sync/atomic"

	"tuco/guestlib/cpu"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// own is the ports that a vCPU has for itself. They are never masked.
type own struct {
	timer, call hypercall.Port
}

var (
	owns [cpu.Max]own
	all  [hypercall.EVTCHN_2L_NR_CHANNELS / 64]uint64 // the ports of owns, a bit each
	tick func()
)

// Tick says what is called on a vCPU whose timer has fired.
func Tick(take func()) { tick = take }

// Equip gives a vCPU its own ports, before it runs or as it begins to take events.
func Equip(id uint32) hypercall.Errno {
	timer := hypercall.EvtchnBindVIRQ{VIRQ: hypercall.VIRQ_TIMER, VCPU: id}
	if err := hypercalls.EventOp(hypercall.EVTCHNOP_bind_virq, &timer); err != 0 {
		return err
	}
	call := hypercall.EvtchnBindIPI{VCPU: id}
	if err := hypercalls.EventOp(hypercall.EVTCHNOP_bind_ipi, &call); err != 0 {
		return err
	}
	owns[id] = own{timer.Port, call.Port}
	for _, port := range [...]hypercall.Port{timer.Port, call.Port} {
		atomic.OrUint64(&all[port/64], 1<<(port%64))
		if err := hypercalls.EventOp(hypercall.EVTCHNOP_unmask, &hypercall.EvtchnUnmask{Port: port}); err != 0 {
			return err
		}
	}
	return 0
}

// Notify calls a vCPU: it takes an event soon, or does not wait for one. Inlined in another package it would allocate its
// argument.
//
//go:noinline
func Notify(id uint32) {
	hypercalls.EventOp(hypercall.EVTCHNOP_send, &hypercall.EvtchnSend{Port: owns[id].call})
}

// others is which ports of a word are other vCPUs' own.
func others(id uint32, w int) uint64 {
	ports := atomic.LoadUint64(&all[w])
	for _, port := range [...]hypercall.Port{owns[id].timer, owns[id].call} {
		if int(port/64) == w {
			ports &^= 1 << (port % 64)
		}
	}
	return ports
}
