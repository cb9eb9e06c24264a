package evtchn

import (
	"math/bits"

	"tuco/hypercall"
	"tuco/kernel/lock"
)

// Close closes a port of d. If it was connected, the peer's port waits for d
// again.
//
// EINVAL: the port does not exist, or is closed.
func Close(h *lock.Holder, d *Domain, n hypercall.Port) hypercall.Errno {
	p := d.find(n)
	if p == nil {
		return hypercall.EINVAL
	}
	d.lock.Lock(h)
	w := p.load()
	if w.state() == interdomain {
		d.lock.Unlock(h)
		return d.disconnect(h, n, p)
	}
	e := d.closeAlone(n, p, w)
	d.lock.Unlock(h)
	return e
}

// closeAlone closes a port that is not connected. The lock is held.
func (d *Domain) closeAlone(n hypercall.Port, p *port, w word) hypercall.Errno {
	switch w.state() {
	case closed:
		return hypercall.EINVAL
	case virqBound, pirqBound:
		d.slotOf(p, w).Store(0)
	}
	d.release(n, p)
	return 0
}

// disconnect closes a port that was connected a moment ago. Since then the peer
// may have closed its end; but with links held the port does not become
// connected, or cease to be, and the peer stays in existence.
func (d *Domain) disconnect(h *lock.Holder, n hypercall.Port, p *port) (e hypercall.Errno) {
	d.System.links.Lock(h)
	peer := d
	if p.load().state() == interdomain {
		peer = p.peer
	}
	lock.LockBoth(&d.lock, &peer.lock, h)
	w := p.load()
	if w.state() == interdomain {
		q := peer.find(hypercall.Port(p.number))
		q.peer, q.number, q.peerID = nil, 0, d.ID
		q.store(unbound, q.load().vcpu())
		d.release(n, p)
	} else {
		e = d.closeAlone(n, p, w)
	}
	lock.UnlockBoth(&d.lock, &peer.lock, h)
	d.System.links.Unlock(h)
	return e
}

// Reset closes all ports of d, at most budget of them at a time. As long as it
// returns done == false it is to be called again; it goes on where it was.
// Whoever resets another domain pauses that one first.
//
// ESRCH: there is no domain d. EPERM: it is another one, and the caller is not
// privileged. EAGAIN: ports were opened meanwhile.
func Reset(h *lock.Holder, caller, d *Domain, budget int) (done bool, e hypercall.Errno) {
	if d == nil {
		return true, hypercall.ESRCH
	}
	if d != caller && !caller.Privileged {
		return true, hypercall.EPERM
	}
	if done = d.closeAll(h, budget); done && d.OpenPorts(h) != 0 {
		e = hypercall.EAGAIN
	}
	return done, e
}

// Destroy begins the end of d, or goes on with it: no port is opened any more,
// and at most budget of them are closed. It is to be called until it returns
// true. The domain's vCPUs don't run and its timers are off.
func (d *Domain) Destroy(h *lock.Holder, budget int) (done bool) {
	d.lock.Lock(h)
	if !d.dying {
		d.dying = true
		d.next = 0 // a Reset may have stopped anywhere
	}
	d.lock.Unlock(h)
	return d.closeAll(h, budget)
}

// closeAll closes up to budget ports from d.next on, and tells whether it got to
// the end.
func (d *Domain) closeAll(h *lock.Holder, budget int) bool {
	for range budget {
		d.lock.Lock(h)
		n, more := d.nextOpen()
		if more {
			d.next = uint32(n) + 1
		} else {
			d.next = 0
		}
		d.lock.Unlock(h)
		if !more {
			return true
		}
		Close(h, d, n) // it is closed already if somebody else was faster
	}
	return false
}

// nextOpen finds the first port from d.next on that is not closed. The lock is
// held.
func (d *Domain) nextOpen() (n hypercall.Port, ok bool) {
	from := max(d.next, 1)
	mask := ^uint64(0) << (from % 64)
	for w := from / 64; int(w) < len(d.used); w++ {
		if u := d.used[w] & mask; u != 0 {
			return hypercall.Port(w*64) + hypercall.Port(bits.TrailingZeros64(u)), true
		}
		mask = ^uint64(0)
	}
	return 0, false
}

// Free gives the buckets back. Destroy has returned true, and no CPU is still in
// an operation that found the domain before.
func (d *Domain) Free(h *lock.Holder) {
	d.valid.Store(0)
	for i, b := range d.buckets {
		if b != nil {
			d.Memory.Free(h, b)
			d.buckets[i] = nil
		}
	}
}
