package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

const rounds = 500

// pingPong has both sides take turns: side 0 begins. Each sleeps while it waits; an event that gets lost ends the test by
// its time.
func pingPong(t *pv.T, n int) {
	p := ports[data]
	for range n {
		if side0() {
			t.OK("send", pv.Send(p))
		}
		for !take(p) {
		}
		if !side0() {
			t.OK("send", pv.Send(p))
		}
	}
	t.Check(!pv.Pending(p), "an event more than was sent")
}

func pingPongPoll(t *pv.T) {
	meet()
	pingPong(t, rounds)
	meet()
}

var upcalls int

func takeUpcall(*pv.Frame) {
	pv.TakeEvents(func(p hypercall.Port) {
		if p == ports[data] {
			upcalls++
		}
	})
}

// pingPongBlock does the same with upcalls.
func pingPongBlock(t *pv.T) {
	p := ports[data]
	timer := pv.BindTimer()
	upcalls = 0
	pv.OnTrap(pv.Event, takeUpcall)
	meet()
	pv.SetTimer(pv.Now() + patience) // should an event get lost
	until := pv.Now() + patience
	for i := range rounds {
		if side0() {
			t.OK("send", pv.Send(p))
		}
		for upcalls == i && pv.Now() < until {
			pv.Need("block", pv.SchedOp[byte](hypercall.SCHEDOP_block, nil))
			pv.MaskUpcalls() // until the next block: no event comes between the look and it
		}
		if !t.Equal("upcalls", uint64(upcalls), uint64(i)+1) {
			panic("the other side does not answer")
		}
		if !side0() {
			t.OK("send", pv.Send(p))
		}
	}
	pv.MaskUpcalls()
	meet()
	pv.OnTrap(pv.Event, nil)
	pv.SetTimer(0)
	pv.Close(timer)
	t.Equal("upcalls", uint64(upcalls), rounds)
}

// mask has side 1 send to a port that side 0 has masked.
func mask(t *pv.T) {
	p := ports[data]
	info := pv.This().Info
	if side0() {
		pv.Mask(p)
		info.EvtchnUpcallPending, info.EvtchnPendingSel = 0, 0
	}
	meet()
	if !side0() {
		for range 10 {
			t.OK("send", pv.Send(p))
		}
	}
	meet()
	if side0() {
		t.Check(pv.Pending(p), "a masked port is not pending")
		t.Check(!pv.Selected(p) && info.EvtchnUpcallPending == 0, "a masked port raised an upcall")
		pv.Unmask(p)
		t.Check(pv.Pending(p) && pv.Selected(p) && info.EvtchnUpcallPending == 1, "unmasking did not raise the upcall")
		pv.ClearPending(p)
	}
	meet()
}

// storm has both sides send as fast as they can, and then look.
func storm(t *pv.T) {
	p := ports[data]
	meet()
	for i := range 4 * rounds {
		t.OK("send", pv.Send(p))
		if i%100 == 0 {
			pv.ClearPending(p)
		}
	}
	pv.ClearPending(p)
	meet()
	t.OK("send", pv.Send(p))
	meet()
	t.Check(pv.Pending(p), "the last event did not come")
	pv.ClearPending(p)
	meet()
}
