package lock

import "tuco/kernel/x86"

// Holder is one CPU's account of the locks it holds. Only that CPU uses it.
type Holder struct {
	held uint64 // bit n is set while a lock of level n is held or awaited

	// CPU is the owner's number, for reports.
	CPU uint32

	// Flushes counts how often translations that were in use on this CPU may have been
	// flushed, by itself or for others. As long as it stays, what was found by a
	// walk of a guest's tables is as good as it was (see package guestmem).
	Flushes uint64

	// Serve answers requests of other CPUs. It is called on every turn of every
	// spin loop, takes no lock and waits for nobody. Nil before there are
	// other CPUs.
	Serve func(*Holder)
}

// AssertNone reports a violation if the CPU holds a lock. Every wait for
// another CPU's answer begins with it.
func (h *Holder) AssertNone() {
	if h.held != 0 {
		violated(HeldAcrossWait, h, 0, nil)
	}
}

// Holds tells whether the CPU holds, or is waiting for, a lock of this level.
func (h *Holder) Holds(l Level) bool { return h.held&bit(l) != 0 }

// relax is one turn of a spin loop.
func (h *Holder) relax() {
	if h.Serve != nil {
		h.Serve(h)
	}
	x86.Pause()
}

func bit(l Level) uint64 { return 1 << (l & 63) }
