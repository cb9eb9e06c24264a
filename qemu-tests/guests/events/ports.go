package events

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// nobody is the number of a domain that does not exist.
const nobody hypercall.DomID = 77

// badPorts are numbers that no port has.
var badPorts = [...]hypercall.Port{0, hypercall.EVTCHN_2L_NR_CHANNELS, 1 << 31, 1<<32 - 1}

// requireStatus requires a port to be in a state, and to notify a vCPU. A state with nothing in the union leaves in it what
// the caller had there.
func requireStatus(t *pv.T, what string, p hypercall.Port, state, vcpu uint32, peer hypercall.EvtchnPeer) {
	got := pv.Status(p)
	if t.Equal(what, uint64(got.Status), uint64(state)) && state != hypercall.EVTCHNSTAT_closed {
		t.Equal("vCPU that the port notifies", uint64(got.VCPU), uint64(vcpu))
		t.Equal("first word of the peer", uint64(got.U[0]), uint64(peer[0]))
		if state == hypercall.EVTCHNSTAT_interdomain {
			t.Equal("peer's port", uint64(got.U[1]), uint64(peer[1]))
		}
	}
}

func allocUnbound(t *pv.T) {
	self := pv.DomainID()
	for _, c := range [...]struct {
		what        string
		dom, remote hypercall.DomID
		err         hypercall.Errno
		peer        hypercall.DomID
	}{
		{"by name", hypercall.DOMID_SELF, hypercall.DOMID_SELF, 0, self},
		{"by number", self, self, 0, self},
		{"for a domain that may come", hypercall.DOMID_SELF, nobody, 0, nobody},
		{"for no domain", hypercall.DOMID_SELF, hypercall.DOMID_INVALID, 0, hypercall.DOMID_INVALID},
		{"of a domain that does not exist", nobody, hypercall.DOMID_SELF, hypercall.ESRCH, 0},
		{"of no domain", hypercall.DOMID_INVALID, hypercall.DOMID_SELF, hypercall.ESRCH, 0},
	} {
		arg := hypercall.EvtchnAllocUnbound{Dom: c.dom, RemoteDom: c.remote}
		if t.Errno(c.what, pv.EventOp(hypercall.EVTCHNOP_alloc_unbound, &arg), c.err) && c.err == 0 {
			requireStatus(t, c.what, arg.Port, hypercall.EVTCHNSTAT_unbound, 0, hypercall.PeerDomain(c.peer, 0))
			pv.Close(arg.Port)
			requireStatus(t, "closed", arg.Port, hypercall.EVTCHNSTAT_closed, 0, hypercall.EvtchnPeer{})
		}
	}
	status := hypercall.EvtchnStatus{Dom: nobody, Port: 1}
	t.Errno("status in a domain that does not exist", pv.EventOp(hypercall.EVTCHNOP_status, &status), hypercall.ESRCH)
	for _, p := range badPorts[1:] {
		status := hypercall.EvtchnStatus{Dom: hypercall.DOMID_SELF, Port: p}
		t.Errno("status of a number that no port has", pv.EventOp(hypercall.EVTCHNOP_status, &status), hypercall.EINVAL)
	}
	requireStatus(t, "port 0", 0, hypercall.EVTCHNSTAT_closed, 0, hypercall.EvtchnPeer{})
}

// allPorts takes all ports that a domain can have, and gives them back. The lowest free one comes first.
func allPorts(t *pv.T) {
	first := pv.Unbound(nobody)
	last := first
	for {
		arg := hypercall.EvtchnAllocUnbound{Dom: hypercall.DOMID_SELF, RemoteDom: nobody}
		if result := pv.EventOp(hypercall.EVTCHNOP_alloc_unbound, &arg); result != 0 {
			t.Errno("one too many", result, hypercall.ENOSPC)
			break
		}
		if !t.Check(arg.Port > last, "port %d after %d", uint64(arg.Port), uint64(last)) {
			break
		}
		last = arg.Port
	}
	t.Equal("last port", uint64(last), hypercall.EVTCHN_2L_NR_CHANNELS-1)
	ipi := hypercall.EvtchnBindIPI{}
	t.Errno("bind_ipi with no port left", pv.EventOp(hypercall.EVTCHNOP_bind_ipi, &ipi), hypercall.ENOSPC)
	pv.Close(first)
	t.Equal("port after one was closed", uint64(pv.Unbound(nobody)), uint64(first))
	for p := first; p <= last; p++ {
		pv.Close(p)
	}
}

func closePorts(t *pv.T) {
	p := pv.Unbound(nobody)
	pv.Close(p)
	arg := hypercall.EvtchnClose{Port: p}
	t.Errno("closed twice", pv.EventOp(hypercall.EVTCHNOP_close, &arg), hypercall.EINVAL)
	for _, p := range badPorts {
		arg := hypercall.EvtchnClose{Port: p}
		t.Errno("a number that no port has", pv.EventOp(hypercall.EVTCHNOP_close, &arg), hypercall.EINVAL)
	}

	self := pv.DomainID()
	a, b := pv.Loopback()
	pv.Mask(a)
	t.OK("send", pv.Send(b))
	t.Check(pv.Pending(a), "what was sent is not pending")
	pv.Close(a)
	t.Check(!pv.Pending(a), "a closed port is pending")
	requireStatus(t, "peer of a closed port", b, hypercall.EVTCHNSTAT_unbound, 0, hypercall.PeerDomain(self, 0))
	pv.Close(b)
	requireStatus(t, "closed", b, hypercall.EVTCHNSTAT_closed, 0, hypercall.EvtchnPeer{})
	unmaskQuietly(a)
}

// unmaskQuietly clears a port's mask bit, for the next that gets the port. Nothing else happens.
func unmaskQuietly(p hypercall.Port) { pv.Shared().EvtchnMask[p/64] &^= 1 << (p % 64) }
