package hypercall

// Port is evtchn_port_t: the number of an event channel's end in its domain.
// Port 0 is never used. Public header event_channel.h.
type Port uint32

// The commands of event_channel_op. Each takes the structure of its name.
const (
	EVTCHNOP_bind_interdomain = 0
	EVTCHNOP_bind_virq        = 1
	EVTCHNOP_bind_pirq        = 2
	EVTCHNOP_close            = 3
	EVTCHNOP_send             = 4
	EVTCHNOP_status           = 5
	EVTCHNOP_alloc_unbound    = 6
	EVTCHNOP_bind_ipi         = 7
	EVTCHNOP_bind_vcpu        = 8
	EVTCHNOP_unmask           = 9
	EVTCHNOP_reset            = 10
	EVTCHNOP_init_control     = 11
	EVTCHNOP_expand_array     = 12
	EVTCHNOP_set_priority     = 13
)

// EvtchnAllocUnbound is struct evtchn_alloc_unbound: a new port of Dom that
// waits until RemoteDom binds to it.
type EvtchnAllocUnbound struct {
	Dom, RemoteDom DomID
	Port           Port // [tuco]
}

// EvtchnBindInterdomain is struct evtchn_bind_interdomain: a new port of the
// caller, connected to one that waits. It starts pending, in case the peer
// has sent before.
type EvtchnBindInterdomain struct {
	RemoteDom  DomID
	_          uint16
	RemotePort Port
	LocalPort  Port // [tuco]
}

// EvtchnBindVIRQ is struct evtchn_bind_virq: a new port for a virtual
// interrupt.
type EvtchnBindVIRQ struct {
	VIRQ uint32 // VIRQ_*
	VCPU uint32
	Port Port // [tuco]
}

// EvtchnBindPIRQ is struct evtchn_bind_pirq: a new port for a physical
// interrupt.
type EvtchnBindPIRQ struct {
	PIRQ  uint32
	Flags uint32 // BIND_PIRQ__WILL_SHARE or 0
	Port  Port   // [tuco]
}

// BIND_PIRQ__WILL_SHARE in EvtchnBindPIRQ.Flags: others may bind the same
// interrupt.
const BIND_PIRQ__WILL_SHARE = 1

// EvtchnBindIPI is struct evtchn_bind_ipi: a new port whose sender is the
// domain itself.
type EvtchnBindIPI struct {
	VCPU uint32 // whom it notifies, for good
	Port Port   // [tuco]
}

// EvtchnClose is struct evtchn_close. The peer's end, if there is one, waits
// for a new connection.
type EvtchnClose struct{ Port Port }

// EvtchnSend is struct evtchn_send.
type EvtchnSend struct{ Port Port }

// EvtchnBindVCPU is struct evtchn_bind_vcpu: whom a port notifies from now on.
type EvtchnBindVCPU struct {
	Port Port
	VCPU uint32
}

// EvtchnUnmask is struct evtchn_unmask.
type EvtchnUnmask struct{ Port Port }

// EvtchnReset is struct evtchn_reset: close all ports.
type EvtchnReset struct{ Dom DomID }
