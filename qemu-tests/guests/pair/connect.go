package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Ports that side 0 has besides the channels, by how far behind the first of these.
const (
	forNobody = channels + iota // waits for a domain that does not exist
	forItself                   // waits for side 0 itself
	forIPIs
	closed
)

// connect makes the channels: side 0's ports wait, and side 1 binds to them as soon as they are there.
func connect(t *pv.T) {
	if side0() {
		for i := range ports {
			ports[i] = pv.Unbound(peer)
		}
		p := pv.Unbound(nobody)
		requireStatus(t, "a port that waits", p, hypercall.EVTCHNSTAT_unbound, hypercall.PeerDomain(nobody, 0))
		pv.Unbound(hypercall.DOMID_SELF)
		pv.BindIPI(0)
		for i := range ports {
			await(ports[i], hypercall.EVTCHNSTAT_interdomain)
			t.Equal("domain that has bound", uint64(pv.Status(ports[i]).U.Domain()), uint64(peer))
		}
	} else {
		for i := range ports {
			ports[i] = bindSoon(first + hypercall.Port(i))
			requireStatus(t, "a port that was bound", ports[i], hypercall.EVTCHNSTAT_interdomain, hypercall.PeerDomain(peer, first+hypercall.Port(i)))
			t.Check(pv.Pending(ports[i]), "a port that was bound is not pending")
			pv.ClearPending(ports[i])
		}
	}
	// Upcalls are for data: whoever takes one must not take the event of a meeting.
	pv.Mask(ports[meeting0])
	pv.Mask(ports[meeting1])
	// All channels are there, and what side 1 sends from now on arrives.
	meet()
	t.Check(!pv.Pending(ports[data]), "an event came that nobody has sent")
}

// await waits until a port is in a state.
func await(p hypercall.Port, state uint32) {
	for until := pv.Now() + patience; pv.Status(p).Status != state; pv.Sleep(pv.Now() + pv.Millisecond) {
		if pv.Now() > until {
			panic("a port does not come to the state that the other side is to bring about")
		}
	}
}

// bindSoon binds to a port that may not be there yet, nor its domain.
func bindSoon(remote hypercall.Port) hypercall.Port {
	for until := pv.Now() + patience; ; pv.Sleep(pv.Now() + pv.Millisecond) {
		switch local, result := bind(remote); {
		case result == 0:
			return local
		case pv.Now() > until:
			panic("the other side has no port")
		}
	}
}

// refused has side 1 bind to ports that do not wait for it.
func refused(t *pv.T) {
	if !side0() {
		for _, remote := range [...]hypercall.Port{
			first + data, first + forNobody, first + forItself, first + forIPIs, first + closed, 0, hypercall.EVTCHN_2L_NR_CHANNELS, 1<<32 - 1,
		} {
			_, result := bind(remote)
			t.Errno("bind to a port that does not wait for this domain", result, hypercall.EINVAL)
		}
	}
	meet()
}

// closeAndBind closes a channel on either side, and connects it again.
func closeAndBind(t *pv.T) {
	p := ports[data]
	remote := pv.Status(p).U.Port()
	meet()
	if !side0() {
		pv.Close(p)
	}
	meet()
	if side0() {
		requireStatus(t, "a port whose peer was closed", p, hypercall.EVTCHNSTAT_unbound, hypercall.PeerDomain(peer, 0))
		t.OK("send into the void", pv.Send(p))
	}
	meet()
	if !side0() {
		local, result := bind(remote)
		t.OK("bind again", result)
		p, ports[data] = local, local
		t.Check(pv.Pending(p), "a port that was bound is not pending")
		pv.ClearPending(p)
	}
	meet()
	requireStatus(t, "a channel that was made again", p, hypercall.EVTCHNSTAT_interdomain, hypercall.PeerDomain(peer, pv.Status(p).U.Port()))
	remote = pv.Status(p).U.Port()
	pingPong(t, 10)

	meet()
	if side0() {
		pv.Close(p)
	}
	meet()
	if !side0() {
		requireStatus(t, "a port whose peer was closed", p, hypercall.EVTCHNSTAT_unbound, hypercall.PeerDomain(peer, 0))
	}
	meet()
	if side0() {
		local, result := bind(remote)
		t.OK("bind to the other side's port", result)
		ports[data] = local
		pv.ClearPending(local)
	}
	meet()
	pingPong(t, 10)
}

// gone lets side 1 end. Side 0's ports wait for it, and it is not there any more.
func gone(t *pv.T) {
	if !side0() {
		return
	}
	for _, p := range ports {
		await(p, hypercall.EVTCHNSTAT_unbound)
		requireStatus(t, "a port whose peer has ended", p, hypercall.EVTCHNSTAT_unbound, hypercall.PeerDomain(peer, 0))
		t.OK("send to nobody", pv.Send(p))
	}
	for until := pv.Now() + patience; pv.Now() < until; pv.Sleep(pv.Now() + pv.Millisecond) {
		if _, result := bind(1); hypercall.Failed(result) == hypercall.ESRCH {
			break
		}
	}
	_, result := bind(1)
	t.Errno("bind to a domain that has ended", result, hypercall.ESRCH)
	requireReturned(t)
}
