package evtchn

import (
	"tuco/hypercall"
	"tuco/kernel/lock"
	"tuco/kernel/sharedinfo"
)

// Send notifies the other end of a port: the peer, or, for an IPI, the domain
// itself. What is sent to a port that waits for its peer is lost.
//
// EINVAL: the port does not exist, is closed, or is bound to an interrupt.
func Send(h *lock.Holder, d *Domain, n hypercall.Port) (Effect, hypercall.Errno) {
	p := d.find(n)
	if p == nil {
		return Effect{}, hypercall.EINVAL
	}
	w := p.load()
	switch w.state() {
	case ipiBound:
		return d.raise(n, w.vcpu()), 0
	case unbound:
		return Effect{}, 0
	case interdomain:
		return d.sendToPeer(h, p)
	}
	return Effect{}, hypercall.EINVAL
}

// sendToPeer sends on a port that was connected a moment ago.
func (d *Domain) sendToPeer(h *lock.Holder, p *port) (effect Effect, e hypercall.Errno) {
	d.lock.Lock(h)
	switch p.load().state() {
	case interdomain:
		// While we hold our lock nobody cuts the connection; so the peer exists
		// and its port is this one.
		n := hypercall.Port(p.number)
		effect = p.peer.raise(n, p.peer.find(n).load().vcpu())
	case closed:
		e = hypercall.EINVAL
	}
	d.lock.Unlock(h)
	return effect, e
}

// raise makes a port of d pending, and notifies a vCPU of it unless the guest
// has masked the port. It runs with or without locks.
//
// The order is the ABI's: pending, mask, selector, upcall. The guest goes the
// other way, and every step is a locked operation, so the two can't miss each
// other.
func (d *Domain) raise(n hypercall.Port, vcpu uint32) Effect {
	if !sharedinfo.TestAndSet(&d.Page.Pending[n/64], uint(n%64)) {
		return Effect{} // the guest has yet to take the last one
	}
	return d.tell(n, vcpu)
}

// tell is the rest of raise, once the port is pending.
func (d *Domain) tell(n hypercall.Port, vcpu uint32) Effect {
	e := Effect{Domain: d}
	if !sharedinfo.Test(&d.Page.Mask[n/64], uint(n%64)) {
		e.Upcall = d.notify(n, vcpu)
	}
	// The poller goes the other way too: it says that it polls, and then looks at
	// the ports.
	if polling := d.polling.Load(); polling != 0 {
		e.Polled = d.endPolls(polling, n)
	}
	return e
}

// notify raises selector and upcall of a vCPU for a pending port, and returns the
// vCPU's bit if it has an upcall to come that it had not before.
func (d *Domain) notify(n hypercall.Port, vcpu uint32) uint64 {
	v := d.vcpu(vcpu)
	if v == nil {
		return 0 // a port given to a domain that has no vCPUs yet
	}
	info := v.Info()
	if info == nil {
		return 0 // MoveInfo will make it look everywhere
	}
	if sharedinfo.TestAndSet(&info.Selector, uint(n/64)) && info.RaiseUpcall() {
		return 1 << (vcpu & (MaxVCPUs - 1))
	}
	return 0
}

// Unmask clears a port's mask bit and notifies the vCPU if the port is pending.
//
// EINVAL: the port does not exist. One that is closed is left as it is.
func Unmask(d *Domain, n hypercall.Port) (Effect, hypercall.Errno) {
	p := d.find(n)
	if p == nil {
		return Effect{}, hypercall.EINVAL
	}
	w := p.load()
	if w.state() == closed {
		return Effect{}, 0
	}
	// The mask is cleared before pending is read, so that an event which comes in
	// between is seen by either this side or the sender.
	if sharedinfo.TestAndClear(&d.Page.Mask[n/64], uint(n%64)) &&
		sharedinfo.Test(&d.Page.Pending[n/64], uint(n%64)) {
		return Effect{Domain: d, Upcall: d.notify(n, w.vcpu())}, 0
	}
	return Effect{}, 0
}
