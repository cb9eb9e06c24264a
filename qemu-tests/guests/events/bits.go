package events

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// send raises the bits from the leaf to the root, each only where the one below has changed.
func send(t *pv.T) {
	pv.MaskUpcalls()
	info := pv.This().Info
	p := pv.BindIPI(0)

	t.OK("send", pv.Send(p))
	t.Check(pv.Pending(p) && pv.Selected(p) && info.EvtchnUpcallPending == 1, "not all bits are set")

	// Pending already: nothing above is raised.
	info.EvtchnUpcallPending, info.EvtchnPendingSel = 0, 0
	t.OK("send while pending", pv.Send(p))
	t.Check(!pv.Selected(p) && info.EvtchnUpcallPending == 0, "a port that was pending raised an upcall")

	// Selected already: no upcall is raised.
	pv.ClearPending(p)
	info.EvtchnPendingSel = 1 << (p / 64)
	t.OK("send while selected", pv.Send(p))
	t.Check(pv.Pending(p), "the port is not pending")
	t.Check(info.EvtchnUpcallPending == 0, "a word that was selected raised an upcall")
	info.EvtchnUpcallPending, info.EvtchnPendingSel = 0, 0
	pv.ClearPending(p)
	pv.Close(p)

	waiting := pv.Unbound(nobody)
	t.OK("send into the void", pv.Send(waiting))
	t.Check(!pv.Pending(waiting), "what was sent by a port that waits came back")
	pv.Close(waiting)
	t.Errno("send by a closed port", pv.Send(waiting), hypercall.EINVAL)
	for _, p := range badPorts {
		t.Errno("send by a number that no port has", pv.Send(p), hypercall.EINVAL)
	}
}

func mask(t *pv.T) {
	pv.MaskUpcalls()
	info := pv.This().Info
	p := pv.BindIPI(0)
	pv.Mask(p)
	t.OK("send to a masked port", pv.Send(p))
	t.Check(pv.Pending(p), "a masked port is not pending")
	t.Check(!pv.Selected(p) && info.EvtchnUpcallPending == 0, "a masked port raised an upcall")
	t.Check(pv.Masked(p), "the mask is gone")
	pv.ClearPending(p)
	pv.Close(p)
	unmaskQuietly(p)
}

func unmask(t *pv.T) {
	pv.MaskUpcalls()
	info := pv.This().Info
	p := pv.BindIPI(0)

	pv.Mask(p)
	pv.Unmask(p)
	t.Check(!pv.Masked(p), "the port is still masked")
	t.Check(!pv.Selected(p) && info.EvtchnUpcallPending == 0, "unmasking raised an upcall for nothing")

	pv.Mask(p)
	t.OK("send to a masked port", pv.Send(p))
	pv.Unmask(p)
	t.Check(!pv.Masked(p) && pv.Pending(p), "the port is still masked, or not pending")
	t.Check(pv.Selected(p) && info.EvtchnUpcallPending == 1, "unmasking a pending port raised no upcall")

	// Not masked: unmask raises nothing again.
	info.EvtchnUpcallPending, info.EvtchnPendingSel = 0, 0
	pv.Unmask(p)
	t.Check(!pv.Selected(p) && info.EvtchnUpcallPending == 0, "unmasking what is not masked raised an upcall")
	pv.ClearPending(p)
	pv.Close(p)

	for _, p := range badPorts[1:] {
		arg := hypercall.EvtchnUnmask{Port: p}
		t.Errno("a number that no port has", pv.EventOp(hypercall.EVTCHNOP_unmask, &arg), hypercall.EINVAL)
	}
}

// reset closes all ports.
func reset(t *pv.T) {
	pv.MaskUpcalls()
	a, b := pv.Loopback()
	ipi, timer := pv.BindIPI(0), pv.BindVIRQ(hypercall.VIRQ_TIMER, 0)
	t.OK("reset", pv.EventOp(hypercall.EVTCHNOP_reset, &hypercall.EvtchnReset{Dom: hypercall.DOMID_SELF}))
	for _, p := range [...]hypercall.Port{a, b, ipi, timer} {
		requireStatus(t, "after a reset", p, hypercall.EVTCHNSTAT_closed, 0, hypercall.EvtchnPeer{})
		t.Check(!pv.Pending(p), "port %d is pending after a reset", uint64(p))
	}
	pv.ForgetEvents()
	timer = pv.BindVIRQ(hypercall.VIRQ_TIMER, 0)
	pv.Close(timer)
	t.Errno("of a domain that does not exist", pv.EventOp(hypercall.EVTCHNOP_reset, &hypercall.EvtchnReset{Dom: nobody}), hypercall.ESRCH)
}

// commands tries numbers that are no commands, and addresses where nothing is.
func commands(t *pv.T) {
	for _, cmd := range [...]uint64{15, 100, 1<<31 - 1} {
		t.Errno("unknown command", pv.EventOp[byte](cmd, nil), hypercall.ENOSYS)
	}
	for _, cmd := range [...]uint64{
		hypercall.EVTCHNOP_bind_interdomain, hypercall.EVTCHNOP_bind_virq, hypercall.EVTCHNOP_bind_pirq, hypercall.EVTCHNOP_close,
		hypercall.EVTCHNOP_send, hypercall.EVTCHNOP_status, hypercall.EVTCHNOP_alloc_unbound, hypercall.EVTCHNOP_bind_ipi,
		hypercall.EVTCHNOP_bind_vcpu, hypercall.EVTCHNOP_unmask, hypercall.EVTCHNOP_reset,
	} {
		for _, address := range pv.BadAddresses {
			t.Errno("an address where nothing is", pv.EventOp(cmd, pv.At[byte](address)), hypercall.EFAULT)
		}
	}
	// The answer can't be written. Xen leaves the port behind.
	before := nextPort()
	arg := hypercall.EvtchnAllocUnbound{Dom: hypercall.DOMID_SELF, RemoteDom: nobody}
	page := pv.AllocPage()
	*pv.At[hypercall.EvtchnAllocUnbound](page) = arg
	pv.Need("map read-only", pv.UpdateVAMapping(page, pv.MFN(page)*pv.PageSize|pv.RO, hypercall.UVMF_INVLPG))
	t.Errno("an answer that can't be written", pv.EventOp(hypercall.EVTCHNOP_alloc_unbound, pv.At[byte](page)), hypercall.EFAULT)
	pv.Need("map read-write", pv.UpdateVAMapping(page, pv.MFN(page)*pv.PageSize|pv.RW, hypercall.UVMF_INVLPG))
	pv.FreePage(page)
	if !pv.OnTuco() {
		pv.Close(before)
	}
	t.Equal("next free port", uint64(nextPort()), uint64(before))
}
