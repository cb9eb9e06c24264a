package domain

import (
	"sync/atomic"

	"tuco/kernel/frame"
)

// MaxGrantFrames is how many frames a grant table may have.
const MaxGrantFrames = 64

// Grants is a domain's grant table: frames of entries that the guest writes. They
// are the domain's, and it can map them, but there is a reference of ours to each
// for as long as the domain exists.
type Grants struct {
	// frames is written where count does not cover it yet.
	frames [MaxGrantFrames]frame.MFN
	count  atomic.Uint32 // publishes frames; [Domain.Lock] to write
}

// Frames are those that the table has.
func (g *Grants) Frames() []frame.MFN {
	return g.frames[:g.count.Load()] // acquire
}

// Add makes the table, which is not as long as it may be, longer by a frame. The
// domain's lock is held.
func (g *Grants) Add(m frame.MFN) {
	n := g.count.Load()
	g.frames[n] = m
	g.count.Store(n + 1) // release
}
