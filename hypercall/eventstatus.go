package hypercall

// EvtchnStatus is struct evtchn_status: what a port of a domain is. Public
// header event_channel.h.
type EvtchnStatus struct {
	Dom    DomID
	_      uint16
	Port   Port
	Status uint32     // [tuco] EVTCHNSTAT_*
	VCPU   uint32     // [tuco] whom the port notifies
	U      EvtchnPeer // [tuco]
}

// The states of a port, and what EvtchnStatus.U then is.
const (
	EVTCHNSTAT_closed      = 0 // nothing
	EVTCHNSTAT_unbound     = 1 // the domain that may bind
	EVTCHNSTAT_interdomain = 2 // the peer's domain and port
	EVTCHNSTAT_pirq        = 3 // the physical interrupt
	EVTCHNSTAT_virq        = 4 // the virtual interrupt
	EVTCHNSTAT_ipi         = 5 // nothing
)

// EvtchnPeer is the union in EvtchnStatus.
type EvtchnPeer [2]uint32

// PeerDomain is the union of a port that is connected, or, with port 0, that
// waits for a domain.
func PeerDomain(dom DomID, port Port) EvtchnPeer { return EvtchnPeer{uint32(dom), uint32(port)} }

// PeerIRQ is the union of a port that is bound to an interrupt.
func PeerIRQ(irq uint32) EvtchnPeer { return EvtchnPeer{irq} }

// Domain is the peer's domain, or that which may become it.
func (p EvtchnPeer) Domain() DomID { return DomID(p[0]) }

// Port is the peer's port.
func (p EvtchnPeer) Port() Port { return Port(p[1]) }

// IRQ is the number of the interrupt.
func (p EvtchnPeer) IRQ() uint32 { return p[0] }
