package machine

import (
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/percpu"
)

// A CPU begins a round each time that it asks the scheduler. It is in no call then
// and in no interrupt, and remembers nothing that it has found before: no domain,
// no vCPU, no place in a guest's memory. What is not to be found any more is
// therefore used by nobody once each CPU has begun a round.

// BeginRound notes that this CPU has begun a round.
func BeginRound(h *lock.Holder) { cpus[h.CPU].rounds.Add(1) }

// Grace is the time until each CPU has begun a round.
type Grace struct {
	from [layout.MaxCPUs]uint32
}

// Begin begins it, and makes all CPUs hurry. What was to be found is hidden already.
func (g *Grace) Begin(h *lock.Holder) {
	for c := range percpu.Count() {
		g.from[c] = cpus[c].rounds.Load() // whoever counts on from here looks, from then on, after it was hidden
	}
	Kick(h, 1<<percpu.Count()-1)
}

// Over tells whether it is over. The last of the CPUs finds so in the round that
// makes it true.
func (g *Grace) Over() bool {
	for c := range percpu.Count() {
		if cpus[c].rounds.Load() == g.from[c] {
			return false
		}
	}
	return true
}
