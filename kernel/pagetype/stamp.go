package pagetype

import (
	"tuco/kernel/frame"
	"tuco/kernel/pmm"
)

// MaxTLBs is how many sets of translations a Space keeps apart: one a vCPU.
const MaxTLBs = 64

// Clean is the flush time of a vCPU that has no translations and can't get
// any before its next flush time is set.
const Clean = ^uint64(0)

// Tick begins a flush: it returns the time to be noted when the flush is done.
// The clock moves before the flush begins, so a stamp below the
// returned time was made before the flush began.
func (f *Frames) Tick() uint64 {
	step()
	return f.clock.Add(1)
}

// Flushed notes that a vCPU's translations, of all kinds and both roots, were
// dropped by a flush that began at the time t.
func (s *Space) Flushed(tlb int, t uint64) {
	step()
	s.flushed[tlb].Store(t)
}

// Begin is for a vCPU that is to get translations: it is none any more that can't have them.
func (s *Space) Begin(tlb int, f *Frames) {
	if s.flushed[tlb].Load() == Clean {
		s.Flushed(tlb, f.clock.Load())
	}
}

// FlushedEveryone notes that all guests' translations on all processors were
// dropped by a flush that began at the time t.
func (f *Frames) FlushedEveryone(t uint64) {
	for {
		step()
		old := f.everyone.Load()
		if old >= t || f.everyone.CompareAndSwap(old, t) {
			return
		}
	}
}

// stamp notes that a mapping of the frame, or its use as a table, has just
// ended. The page-table entry was changed before.
//
// The stamp never goes back: it was read before the clock, so the clock is not
// behind it, and the CAS fails if another CPU was faster.
func (f *Frames) stamp(i *pmm.Info) {
	for {
		step()
		old := i.Stamp.Load()
		now := uint32(f.clock.Load())
		if old == now {
			return
		}
		step()
		if i.Stamp.CompareAndSwap(old, now) {
			return
		}
	}
}

// left is when the frame's mappings had ended, or later: the record has only
// the low half of it, and a stamp that is older than that can tell passes for a
// younger one.
func (f *Frames) left(i *pmm.Info) uint64 {
	step()
	stamp := i.Stamp.Load()
	now := f.clock.Load()
	age := uint64(uint32(now) - stamp)
	if age >= now {
		return 0
	}
	return now - age
}

// DueEveryone tells whether a frame which is free may still be found in some
// guest's TLB. Whoever uses a free frame asks, and flushes, before it writes to
// the frame.
func (f *Frames) DueEveryone(m frame.MFN) bool {
	return f.everyone.Load() <= f.left(f.info(m))
}

// Need is the flushes that have to be done, and have ended, before a call is
// made again.
type Need struct {
	TLBs     uint64 // vCPUs of the Space, a bit each
	Everyone bool   // all guests' translations on all processors
}

// due tells whether some TLB may still hold the frame as what it was; then w.Need is
// what has to be flushed. Shared: another domain may have it too.
func (w *Work) due(i *pmm.Info, shared bool) bool {
	left := w.frames.left(i)
	if w.frames.everyone.Load() > left {
		return false
	}
	if shared {
		w.Need = Need{Everyone: true}
		return true
	}
	mask := uint64(0)
	for v := range w.space.TLBs {
		step()
		if w.space.flushed[v&(MaxTLBs-1)].Load() <= left {
			mask |= 1 << v
		}
	}
	w.Need = Need{TLBs: mask}
	return mask != 0
}
