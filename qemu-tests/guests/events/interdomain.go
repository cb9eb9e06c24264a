package events

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// interdomain connects this domain with itself: the calls are the same.
func interdomain(t *pv.T) {
	pv.MaskUpcalls()
	self := pv.DomainID()
	a, b := pv.Loopback()
	t.Check(!pv.Pending(a), "the port that waited is pending")
	t.Check(pv.Pending(b), "the port that was bound is not pending")
	requireStatus(t, "the port that waited", a, hypercall.EVTCHNSTAT_interdomain, 0, hypercall.PeerDomain(self, b))
	requireStatus(t, "the port that was bound", b, hypercall.EVTCHNSTAT_interdomain, 0, hypercall.PeerDomain(self, a))
	pv.ForgetEvents()

	for _, by := range [...]hypercall.Port{a, b} {
		to := a + b - by
		t.OK("send", pv.Send(by))
		t.Check(pv.Pending(to) && !pv.Pending(by), "the wrong port is pending")
		t.Check(pv.Selected(to), "the port's word is not selected")
		t.Equal("upcall pending", uint64(pv.This().Info.EvtchnUpcallPending), 1)
		pv.ForgetEvents()
	}

	for _, c := range [...]struct {
		what   string
		remote hypercall.DomID
		port   hypercall.Port
		err    hypercall.Errno
	}{
		{"a port that is connected", hypercall.DOMID_SELF, a, hypercall.EINVAL},
		{"a port that is connected, by number", self, b, hypercall.EINVAL},
		{"a domain that does not exist", nobody, a, hypercall.ESRCH},
		{"no domain", hypercall.DOMID_INVALID, a, hypercall.ESRCH},
		{"port 0", hypercall.DOMID_SELF, 0, hypercall.EINVAL},
		{"a number above all ports", hypercall.DOMID_SELF, hypercall.EVTCHN_2L_NR_CHANNELS, hypercall.EINVAL},
		{"the highest number", hypercall.DOMID_SELF, 1<<32 - 1, hypercall.EINVAL},
	} {
		requireNotBound(t, c.what, c.remote, c.port, c.err)
	}
	pv.Close(a, b)
	requireNotBound(t, "a closed port", hypercall.DOMID_SELF, a, hypercall.EINVAL)

	other := pv.Unbound(nobody)
	requireNotBound(t, "a port that waits for another", hypercall.DOMID_SELF, other, hypercall.EINVAL)
	ipi := pv.BindIPI(0)
	requireNotBound(t, "a port for IPIs", hypercall.DOMID_SELF, ipi, hypercall.EINVAL)
	pv.Close(other, ipi)
	pv.ForgetEvents()
}

// requireNotBound requires bind_interdomain to fail, and to take no port for it.
func requireNotBound(t *pv.T, what string, remote hypercall.DomID, port hypercall.Port, err hypercall.Errno) {
	before := nextPort()
	arg := hypercall.EvtchnBindInterdomain{RemoteDom: remote, RemotePort: port}
	t.Errno(what, pv.EventOp(hypercall.EVTCHNOP_bind_interdomain, &arg), err)
	t.Equal("next free port", uint64(nextPort()), uint64(before))
}

// nextPort is the port that will be given next.
func nextPort() hypercall.Port {
	p := pv.Unbound(nobody)
	pv.Close(p)
	return p
}
