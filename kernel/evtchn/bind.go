package evtchn

import (
	"tuco/hypercall"
	"tuco/kernel/lock"
)

// AllocUnbound gives d a port that waits for a domain to bind to it. DOMID_SELF
// for remote means the caller, and the caller may be d. d is nil if there is no
// such domain. The remote domain need not exist yet.
//
// ESRCH: there is no domain d. EPERM: d is another domain, and the caller is not
// privileged. ENOSPC: d has no port left. EINVAL: d is going away. ENOMEM.
func AllocUnbound(h *lock.Holder, caller, d *Domain, remote hypercall.DomID) (hypercall.Port, hypercall.Errno) {
	if d == nil {
		return 0, hypercall.ESRCH
	}
	if d != caller && !caller.Privileged {
		return 0, hypercall.EPERM
	}
	if remote == hypercall.DOMID_SELF {
		remote = caller.ID
	}
	for {
		seen := d.valid.Load()
		d.lock.Lock(h)
		n, p, e := d.lowest()
		if e == 0 {
			d.take(n)
			p.peerID = remote
			p.store(unbound, 0)
		}
		d.lock.Unlock(h)
		if e != mustGrow {
			return n, e
		}
		if e := d.grow(h, seen); e != 0 {
			return 0, e
		}
	}
}

// BindInterdomain connects a new port of d to a port of remote that waits for
// d. remote is nil if there is no such domain; it may be d. The new port starts
// pending: the peer may have sent before there was anybody to hear it.
//
// ESRCH: there is no remote domain. ENOSPC: d has no port left. EINVAL: the
// remote port does not exist, does not wait, or waits for another domain; or one
// of the two domains is going away. ENOMEM.
func BindInterdomain(h *lock.Holder, d, remote *Domain, remotePort hypercall.Port) (hypercall.Port, Effect, hypercall.Errno) {
	if remote == nil {
		return 0, Effect{}, hypercall.ESRCH
	}
	for {
		seen := d.valid.Load()
		d.System.links.Lock(h)
		lock.LockBoth(&d.lock, &remote.lock, h)
		n, effect, e := d.connect(remote, remotePort)
		lock.UnlockBoth(&d.lock, &remote.lock, h)
		d.System.links.Unlock(h)
		if e != mustGrow {
			return n, effect, e
		}
		if e := d.grow(h, seen); e != 0 {
			return 0, Effect{}, e
		}
	}
}

// connect does the work of BindInterdomain. Nothing is changed before all is
// checked, so there is nothing to take back.
func (d *Domain) connect(remote *Domain, remotePort hypercall.Port) (hypercall.Port, Effect, hypercall.Errno) {
	n, p, e := d.lowest()
	if e != 0 {
		return 0, Effect{}, e
	}
	r := remote.find(remotePort)
	if r == nil || remote.dying {
		return 0, Effect{}, hypercall.EINVAL
	}
	w := r.load()
	if w.state() != unbound || r.peerID != d.ID {
		return 0, Effect{}, hypercall.EINVAL
	}
	d.take(n)
	p.peer, p.number = remote, uint32(remotePort)
	r.peer, r.number = d, uint32(n)
	p.store(interdomain, 0)
	r.store(interdomain, w.vcpu())
	return n, d.raise(n, 0), 0
}

// BindIPI gives d a port that it sends to itself, and that always notifies
// this vCPU.
//
// ENOENT: no such vCPU. ENOSPC: no port left. EINVAL: d is going away. ENOMEM.
func BindIPI(h *lock.Holder, d *Domain, vcpu uint32) (hypercall.Port, hypercall.Errno) {
	if d.vcpu(vcpu) == nil {
		return 0, hypercall.ENOENT
	}
	for {
		seen := d.valid.Load()
		d.lock.Lock(h)
		n, p, e := d.lowest()
		if e == 0 {
			d.take(n)
			p.store(ipiBound, vcpu)
		}
		d.lock.Unlock(h)
		if e != mustGrow {
			return n, e
		}
		if e := d.grow(h, seen); e != 0 {
			return 0, e
		}
	}
}

// BindVCPU makes a port notify another vCPU from now on. IPIs and a vCPU's own
// virtual interrupts stay where they were bound. An event that is pending
// already is not notified again.
//
// ENOENT: no such vCPU. EINVAL: the port does not exist, is closed, or stays
// where it is.
func BindVCPU(h *lock.Holder, d *Domain, n hypercall.Port, vcpu uint32) hypercall.Errno {
	if d.vcpu(vcpu) == nil {
		return hypercall.ENOENT
	}
	p := d.find(n)
	if p == nil {
		return hypercall.EINVAL
	}
	d.lock.Lock(h)
	e := hypercall.EINVAL
	switch s := p.load().state(); s {
	case unbound, interdomain, pirqBound:
		p.store(s, vcpu)
		e = 0
	case virqBound:
		if globalVIRQ(p.number) {
			p.store(s, vcpu)
			e = 0
		}
	}
	d.lock.Unlock(h)
	return e
}
