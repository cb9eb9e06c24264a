package evtchn

import (
	"tuco/hypercall"
	"tuco/kernel/lock"
)

// Status tells what a port of d is: it fills in Status, VCPU and U.
//
// ESRCH: there is no domain d. EINVAL: the port does not exist. EPERM: d is another
// domain, and the caller is not privileged.
func Status(h *lock.Holder, caller, d *Domain, n hypercall.Port, s *hypercall.EvtchnStatus) hypercall.Errno {
	if d == nil {
		return hypercall.ESRCH
	}
	p := d.find(n)
	if p == nil {
		return hypercall.EINVAL
	}
	if d != caller && !caller.Privileged {
		return hypercall.EPERM
	}
	d.lock.Lock(h)
	w := p.load()
	s.Status, s.VCPU = uint32(w.state()), w.vcpu()
	switch w.state() {
	case unbound:
		s.U = hypercall.PeerDomain(p.peerID, 0)
	case interdomain:
		s.U = hypercall.PeerDomain(p.peer.ID, hypercall.Port(p.number))
	case virqBound, pirqBound:
		s.U = hypercall.PeerIRQ(p.number)
	default:
		s.U = hypercall.EvtchnPeer{}
	}
	d.lock.Unlock(h)
	return 0
}
