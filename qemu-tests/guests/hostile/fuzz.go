package main

import (
	"tuco/hypercall"
	"tuco/kernel/text"
	"tuco/qemu-tests/guests/pv"
)

// A fuzzer makes up calls, for one vCPU.
type fuzzer struct {
	random
	// What memory the calls' arguments have. What is in buffer when an entry of a multicall comes to its turn, nobody
	// knows; the others are in nobody's way.
	buffer [16 << 10]byte
	list   [20]hypercall.MulticallEntry
	inner  arguments // of an entry of list
	poll   hypercall.SchedPoll

	succeeded uint64
	// longest is the call that has taken the longest.
	longest struct {
		ticks uint64
		call  hypercall.Number
		args  arguments
	}
}

var fuzzers [pv.MaxCPUs]fuzzer

// calls is how many each makes.
var calls uint64

// fuzz makes calls on all vCPUs. It depends on nothing that they may change.
func fuzz() {
	calls = pv.Number("calls=", 0)
	reckless = pv.Number("reckless=", 0) != 0
	if reckless {
		// A guest that has lost itself may do nothing any more, not even crash.
		dog := hypercall.SchedWatchdog{Timeout: 10}
		if id := pv.SchedOp(hypercall.SCHEDOP_watchdog, &dog); hypercall.Failed(id) != 0 {
			panic("no watchdog")
		}
	}
	pv.MaskUpcalls()
	pv.BindTimer()
	makeArena()
	n := pv.CPUs()
	pv.StartCPUs(n)
	for id := range n {
		fuzzers[id].random = random(pv.Number("seed=", 0)<<8 | uint64(id))
		switch {
		case scribbles(id):
			pv.Go(id, scribble)
		case id != 0:
			pv.Go(id, fuzzHere)
		}
	}
	fuzzHere()
	for id := range n {
		if scribbles(id) {
			continue
		}
		for id != 0 && !pv.Await(id) {
		}
		fuzzers[id].report(id)
	}
}

// fuzzHere makes calls on this vCPU.
func fuzzHere() {
	r := &fuzzers[pv.This().ID]
	var a arguments
	for range calls {
		n := r.call(&a)
		start := pv.TSC()
		result := pv.Call(n, a[0], a[1], a[2], a[3], a[4])
		if ticks := pv.TSC() - start; ticks > r.longest.ticks {
			r.longest.ticks, r.longest.call, r.longest.args = ticks, n, a
		}
		if hypercall.Failed(result) == 0 {
			r.succeeded++
		}
	}
}

func (r *fuzzer) report(id uint32) {
	pv.Print("") // what was said so far ends in no line
	pv.Print("hostile: vcpu %d: %d calls, %d without an error", uint64(id), calls, r.succeeded)
	var l text.Line
	pv.PrintLine(l.Template("hostile: the longest took %d ticks: ", r.longest.ticks).Str(r.longest.call.String()).
		Template(" %x %x %x %x %x", r.longest.args[:]...))
}

// scribbler is the vCPU that, in a reckless domain, changes the others' arguments while the hypervisor looks at them.
const scribbler = 3

func scribbles(id uint32) bool { return reckless && id == scribbler }

func scribble() {
	r := &fuzzers[scribbler]
	for {
		victim := &fuzzers[r.below(scribbler)]
		at := pv.Address(&victim.buffer) + r.below(uint64(len(victim.buffer))/8)*8
		*pv.At[uint64](at) = r.value()
	}
}
