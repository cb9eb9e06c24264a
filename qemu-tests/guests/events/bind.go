package events

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// noVCPU is the number of a vCPU that does not exist.
const noVCPU = 99

// virq binds virtual interrupts: those of a vCPU, and global ones, which are for domain 0.
func virq(t *pv.T) {
	for _, virq := range [...]uint32{hypercall.VIRQ_TIMER, hypercall.VIRQ_DEBUG} {
		p := pv.BindVIRQ(virq, 0)
		requireStatus(t, "a virtual interrupt", p, hypercall.EVTCHNSTAT_virq, 0, hypercall.PeerIRQ(virq))
		bindVIRQ(t, "a second time", virq, 0, hypercall.EEXIST)
		bindVIRQ(t, "on a vCPU that does not exist", virq, noVCPU, hypercall.ENOENT)
		t.Errno("send", pv.Send(p), hypercall.EINVAL)
		pv.Close(p)
		p = pv.BindVIRQ(virq, 0)
		pv.Close(p)
	}
	bindVIRQ(t, "a number too high", hypercall.NR_VIRQS, 0, hypercall.EINVAL)
	bindVIRQ(t, "the highest number", 1<<32-1, 0, hypercall.EINVAL)
	if pv.Domain0() {
		p := pv.BindVIRQ(hypercall.VIRQ_CON_RING, 0)
		requireStatus(t, "a global virtual interrupt", p, hypercall.EVTCHNSTAT_virq, 0, hypercall.PeerIRQ(hypercall.VIRQ_CON_RING))
		bindVIRQ(t, "a global one a second time", hypercall.VIRQ_CON_RING, 0, hypercall.EEXIST)
		pv.Close(p)
		bindVIRQ(t, "a global one on another vCPU", hypercall.VIRQ_CON_RING, 1, hypercall.EINVAL)
	}
}

// bindVIRQ requires bind_virq to fail.
func bindVIRQ(t *pv.T, what string, virq, vcpu uint32, err hypercall.Errno) {
	arg := hypercall.EvtchnBindVIRQ{VIRQ: virq, VCPU: vcpu}
	t.Errno(what, pv.EventOp(hypercall.EVTCHNOP_bind_virq, &arg), err)
}

func ipi(t *pv.T) {
	pv.MaskUpcalls()
	p := pv.BindIPI(0)
	requireStatus(t, "for IPIs", p, hypercall.EVTCHNSTAT_ipi, 0, hypercall.EvtchnPeer{})
	t.OK("send", pv.Send(p))
	t.Check(pv.Pending(p), "the port is not pending")
	pv.ForgetEvents()
	q := pv.BindIPI(0)
	t.Check(q != p, "two IPIs have the port %d", uint64(p))
	pv.Close(p, q)
	arg := hypercall.EvtchnBindIPI{VCPU: noVCPU}
	t.Errno("of a vCPU that does not exist", pv.EventOp(hypercall.EVTCHNOP_bind_ipi, &arg), hypercall.ENOENT)
}

func pirq(t *pv.T) {
	for _, n := range [...]uint32{1 << 16, 1<<32 - 1} {
		arg := hypercall.EvtchnBindPIRQ{PIRQ: n}
		t.Errno("an interrupt that no machine has", pv.EventOp(hypercall.EVTCHNOP_bind_pirq, &arg), hypercall.EINVAL)
	}
}

// bindVCPU asks for ports to notify vCPUs. That they notify another than the first is for the group smp to show.
func bindVCPU(t *pv.T) {
	a, b := pv.Loopback()
	waiting := pv.Unbound(nobody)
	ipi := pv.BindIPI(0)
	timer := pv.BindVIRQ(hypercall.VIRQ_TIMER, 0)
	for _, c := range [...]struct {
		what string
		port hypercall.Port
		vcpu uint32
		err  hypercall.Errno
	}{
		{"a connected port", a, 0, 0},
		{"one that waits", waiting, 0, 0},
		{"a vCPU that does not exist", a, noVCPU, hypercall.ENOENT},
		{"a port for IPIs", ipi, 0, hypercall.EINVAL},
		{"an interrupt of a vCPU", timer, 0, hypercall.EINVAL},
		{"port 0", 0, 0, hypercall.EINVAL},
		{"a number that no port has", hypercall.EVTCHN_2L_NR_CHANNELS, 0, hypercall.EINVAL},
	} {
		arg := hypercall.EvtchnBindVCPU{Port: c.port, VCPU: c.vcpu}
		t.Errno(c.what, pv.EventOp(hypercall.EVTCHNOP_bind_vcpu, &arg), c.err)
	}
	pv.Close(a, b, waiting, ipi, timer)
	arg := hypercall.EvtchnBindVCPU{Port: a}
	t.Errno("a closed port", pv.EventOp(hypercall.EVTCHNOP_bind_vcpu, &arg), hypercall.EINVAL)
	if pv.Domain0() {
		p := pv.BindVIRQ(hypercall.VIRQ_CON_RING, 0)
		arg := hypercall.EvtchnBindVCPU{Port: p}
		t.OK("a global interrupt", pv.EventOp(hypercall.EVTCHNOP_bind_vcpu, &arg))
		pv.Close(p)
	}
	pv.ForgetEvents()
}
