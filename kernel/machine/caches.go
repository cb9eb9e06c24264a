package machine

import (
	"tuco/kernel/lock"
	"tuco/kernel/percpu"
	"tuco/kernel/shootdown"
	"tuco/kernel/x86"
)

// WriteBackCaches writes back and empties the caches of all CPUs, idle ones too,
// for a device that reads memory around them. No lock is held.
//
// Each CPU is interrupted and says when it is done. Whoever waits here does
// meanwhile what others ask of it, so two that ask each other go on.
func WriteBackCaches(h *lock.Holder) {
	h.AssertNone()
	for c := range percpu.Count() {
		if uint32(c) != h.CPU {
			cpus[c].writeBack.Store(true) // before the interrupt that makes the CPU look
			interrupt(c)
		}
	}
	x86.WBINVD()
	for c := range percpu.Count() {
		for uint32(c) != h.CPU && cpus[c].writeBack.Load() {
			writeBackAsked(h)
			shootdown.Serve(h)
			x86.Pause()
		}
	}
}

// writeBackAsked writes back this CPU's caches if another asks for it. Who asks
// between the instruction and the store is served as well: no guest has run here
// since.
func writeBackAsked(h *lock.Holder) {
	if w := &cpus[h.CPU].writeBack; w.Load() {
		x86.WBINVD()
		w.Store(false)
	}
}
