// Package vectors tests that the vector and floating-point registers of a domain stay its own while it takes turns with
// another one on a processor. The command line gives each domain another seed=N.
package vectors

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Group is the tests.
var Group = pv.Group{Name: "vectors", Alone: true, Tests: []pv.Test{
	{Name: "turns", Run: turns},
}}

// hold fills the registers with what follows from the seed, gives the processor away, and tells how many of them hold
// something else afterwards.
func hold(seed uint64) (wrong uint64)

// spend is the time for which the other domain takes its turns as well.
const spend = 100 * pv.Millisecond

func turns(t *pv.T) {
	seed := pv.Number("seed=", 0)
	start := account()
	for pv.Now() < start.StateEntryTime+spend {
		if wrong := hold(seed * 0x0123_4567_89ab); !t.Equal("registers that have changed", wrong, 0) {
			return
		}
	}
	end := account()
	waited := end.Time[hypercall.RUNSTATE_runnable] - start.Time[hypercall.RUNSTATE_runnable]
	t.Check(waited > spend/10, "the other domain ran for %d ns only", waited)
}

func account() (r hypercall.VCPURunstateInfo) {
	pv.Need("get_runstate_info", pv.VCPUOp(hypercall.VCPUOP_get_runstate_info, pv.This().ID, &r))
	r.StateEntryTime = pv.Now()
	return r
}
