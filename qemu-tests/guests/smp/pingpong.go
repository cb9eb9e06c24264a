package smp

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// rounds is how often a ping is answered.
const rounds = 200

var (
	hop      atomic.Uint64 // whose turn it is
	lost     atomic.Uint64 // waits that ended by their time
	partner  uint32        // of vCPU 0
	byPoll   bool
	lastTurn uint64
)

// play waits for its turns, and passes each on. Turn 0 is vCPU 0's.
func play() {
	me := pv.This().ID
	mine, other := uint64(0), partner
	if me != 0 {
		mine, other = 1, 0
	}
	if !byPoll {
		pv.MaskUpcalls()
	}
	for turn := mine; turn < lastTurn; turn += 2 {
		until := pv.Now() + 5*pv.Second
		for hop.Load() != turn {
			if pv.Now() > until {
				lost.Add(1)
				return
			}
			if byPoll {
				pv.Need("poll", pv.Poll(until, ports[me]))
				pv.ClearPending(ports[me])
				continue
			}
			// A wake-up between the look at hop and the call is not lost: upcalls are masked up to it.
			pv.Need("block", pv.SchedOp[byte](hypercall.SCHEDOP_block, nil))
			pv.MaskUpcalls()
		}
		hop.Store(turn + 1)
		pv.Need("send", pv.Send(ports[other]))
	}
}

// pingPong has vCPU 0 and each other one take turns, each asleep while it waits.
func pingPong(t *pv.T, poll bool) {
	if !enough(t, 2) {
		return
	}
	n := pv.CPUs()
	bindPorts(n)
	byPoll, lastTurn = poll, 2*rounds
	pv.OnTrap(pv.Event, takeUpcall)
	for id := uint32(1); id < n; id++ {
		if poll {
			pv.Mask(ports[id])
			pv.Mask(ports[0])
		}
		partner = id
		hop.Store(0)
		lost.Store(0)
		pv.MaskUpcalls()
		// Should a wake-up be lost, a timer ends the sleep.
		timer := pv.BindTimer()
		pv.SetTimer(pv.Now() + 20*pv.Second)
		pv.Go(id, play)
		play()
		t.Check(pv.Await(id), "vCPU %d does not come to an end", uint64(id))
		t.Equal("turns", hop.Load(), lastTurn)
		t.Equal("wake-ups that were lost", lost.Load(), 0)
		pv.SetTimer(0)
		pv.Close(timer)
		pv.MaskUpcalls()
		pv.ForgetEvents()
		if poll {
			pv.Unmask(ports[id])
			pv.Unmask(ports[0])
		}
	}
	pv.OnTrap(pv.Event, nil)
	closePorts(n)
}

func pingPongBlock(t *pv.T) { pingPong(t, false) }
func pingPongPoll(t *pv.T)  { pingPong(t, true) }
