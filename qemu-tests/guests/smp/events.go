package smp

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// ports are those by which each vCPU is notified.
var ports [pv.MaxCPUs]hypercall.Port

// taken counts the upcalls of each vCPU.
var taken [pv.MaxCPUs]atomic.Uint64

// bindPorts has each vCPU notified by a port of its own.
func bindPorts(n uint32) {
	for id := range n {
		ports[id] = pv.BindIPI(id)
		taken[id].Store(0)
	}
}

func closePorts(n uint32) { pv.Close(ports[:n]...) }

// takeUpcall takes what this vCPU is told of. That has to be its own port.
func takeUpcall(*pv.Frame) {
	pv.TakeEvents(func(p hypercall.Port) {
		id := pv.This().ID
		if p == ports[id] {
			taken[id].Add(1)
		} else {
			astray.Add(1)
		}
	})
}

var astray atomic.Uint64

// listen lets upcalls come to a vCPU until it is told to stop.
func listen() {
	pv.UnmaskUpcalls()
	for stop.Load() == 0 {
		pv.Spin(pv.Now() + 10_000)
	}
	pv.MaskUpcalls()
}

// order is who is to send to whom, and the result.
var order struct {
	to     uint32
	result uint64
}

func sendOrder() { order.result = pv.Send(ports[order.to]) }

// ipis sends from each vCPU to each, itself too. Those that don't send listen.
func ipis(t *pv.T) {
	if !enough(t, 2) {
		return
	}
	n := pv.CPUs()
	bindPorts(n)
	astray.Store(0)
	pv.OnTrap(pv.Event, takeUpcall)
	for from := range n {
		for to := range n {
			stop.Store(0)
			for id := uint32(1); id < n; id++ {
				if id != from {
					pv.Go(id, listen)
				}
			}
			pv.UnmaskUpcalls()
			was := taken[to].Load()
			order.to, order.result = to, 99
			if from == 0 {
				sendOrder()
			} else {
				pv.Do(from, sendOrder)
			}
			t.OK("send", order.result)
			if from == to && from != 0 {
				pv.Go(to, listen) // it was masked before
			}
			for until := pv.Now() + 5*pv.Second; taken[to].Load() == was && pv.Now() < until; {
				pv.SchedOp[byte](hypercall.SCHEDOP_yield, nil)
			}
			t.Check(taken[to].Load() == was+1, "%d upcalls at vCPU %d for an IPI of vCPU %d", taken[to].Load()-was, uint64(to), uint64(from))
			stop.Store(1)
			for id := uint32(1); id < n; id++ {
				if id != from || from == to {
					t.Check(pv.Await(id), "vCPU %d does not stop", uint64(id))
				}
			}
			pv.MaskUpcalls()
		}
	}
	pv.OnTrap(pv.Event, nil)
	t.Equal("events that went to another vCPU", astray.Load(), 0)
	closePorts(n)
}

// forget clears what a vCPU is told of, which keeps upcalls masked.
func forget(id uint32) {
	info := pv.InfoOf(id)
	info.EvtchnUpcallPending, info.EvtchnPendingSel = 0, 0
}

// bindVCPU moves a port from vCPU to vCPU.
func bindVCPU(t *pv.T) {
	if !enough(t, 2) {
		return
	}
	n := pv.CPUs()
	a, b := pv.Loopback()
	pv.MaskUpcalls()
	pv.ForgetEvents()
	for id := range n {
		forget(id)
	}
	for range 3 {
		for id := range n {
			arg := hypercall.EvtchnBindVCPU{Port: b, VCPU: id}
			t.OK("bind_vcpu", pv.EventOp(hypercall.EVTCHNOP_bind_vcpu, &arg))
			t.Equal("vCPU that the port notifies", uint64(pv.Status(b).VCPU), uint64(id))
			t.OK("send", pv.Send(a))
			for other := range n {
				info := pv.InfoOf(other)
				told := info.EvtchnUpcallPending != 0 && info.EvtchnPendingSel>>(b/64)&1 != 0
				t.Check(told == (other == id), "vCPU %d is told of an event for vCPU %d, or is not", uint64(other), uint64(id))
			}
			pv.ClearPending(b)
			forget(id)
		}
	}
	pv.Close(a, b)

	// An interrupt of a vCPU, and one of the domain.
	for id := range n {
		timer := pv.BindVIRQ(hypercall.VIRQ_TIMER, id)
		status := pv.Status(timer)
		t.Equal("vCPU of its timer", uint64(status.VCPU), uint64(id))
		ports[id] = timer
	}
	closePorts(n)
	if n > 1 && pv.Domain0() {
		p := pv.BindVIRQ(hypercall.VIRQ_CON_RING, 0)
		arg := hypercall.EvtchnBindVCPU{Port: p, VCPU: 1}
		t.OK("bind_vcpu of a global interrupt", pv.EventOp(hypercall.EVTCHNOP_bind_vcpu, &arg))
		t.Equal("vCPU that the port notifies", uint64(pv.Status(p).VCPU), 1)
		pv.Close(p)
	}
}

const perSender = 2000

// sendMany sends to vCPU 0, each time with one more in its counter before.
func sendMany() {
	id := pv.This().ID
	for range perSender {
		ran[id].Add(1)
		if pv.Send(ports[0]) != 0 {
			lost.Add(1)
		}
	}
}

// sendsParallel has all others send to this vCPU: whatever came before its last look is followed by another.
func sendsParallel(t *pv.T) {
	if !enough(t, 2) {
		return
	}
	n := pv.CPUs()
	bindPorts(n)
	pv.MaskUpcalls()
	pv.Mask(ports[0])
	lost.Store(0)
	for id := uint32(1); id < n; id++ {
		ran[id].Store(0)
		pv.Go(id, sendMany)
	}
	want := uint64(n-1) * perSender
	seen := uint64(0)
	for until := pv.Now() + 10*pv.Second; seen < want && pv.Now() < until; {
		pv.Need("poll", pv.Poll(until, ports[0]))
		pv.ClearPending(ports[0])
		seen = 0
		for id := uint32(1); id < n; id++ {
			seen += ran[id].Load()
		}
	}
	t.Equal("events that were followed by a look", seen, want)
	for id := uint32(1); id < n; id++ {
		t.Check(pv.Await(id), "vCPU %d does not come to an end", uint64(id))
	}
	t.Equal("sends that failed", lost.Load(), 0)
	pv.ClearPending(ports[0])
	pv.Unmask(ports[0])
	closePorts(n)
}
