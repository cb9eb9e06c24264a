package pagetype

import (
	"sync/atomic"

	"tuco/kernel/frame"
)

// Mode is how an entry is written.
type Mode uint8

const (
	// Plain replaces the entry.
	Plain Mode = iota
	// KeepAD keeps the accessed and dirty bits which the processor has set meanwhile.
	KeepAD
	// Exact replaces the entry only if it holds the old value.
	Exact
)

// write stores an entry. Under the domain's lock nobody but the processor
// changes it, and that only sets accessed and dirty bits; so the frame and the rights
// that it replaces are those of old, in every mode.
func write(e *atomic.Uint64, old, new PTE, mode Mode) bool {
	step()
	switch mode {
	case KeepAD:
		for {
			now := PTE(e.Load())
			if e.CompareAndSwap(uint64(now), uint64(new|now&(Accessed|Dirty))) {
				return true
			}
		}
	case Exact:
		return e.CompareAndSwap(uint64(old), uint64(new))
	}
	e.Store(uint64(new))
	return true
}

// SetLeaf changes entry i of an L1 which is validated. The order is what
// keeps every mapping counted at every moment: first the new reference, then
// the entry, then the old reference.
func (w *Work) SetLeaf(t *Table, i int, new PTE, mode Mode) Result {
	e := &t[i&(Entries-1)]
	return w.setLeaf(e, PTE(e.Load()), new, mode)
}

// ReplaceLeaf changes entry i of an L1 from an expected value. If the result
// is Changed, the entry held the value that is returned.
func (w *Work) ReplaceLeaf(t *Table, i int, old, new PTE) (PTE, Result) {
	e := &t[i&(Entries-1)]
	now := PTE(e.Load())
	if now != old {
		return now, Changed
	}
	r := w.setLeaf(e, old, new, Exact)
	return PTE(e.Load()), r
}

func (w *Work) setLeaf(e *atomic.Uint64, old, new PTE, mode Mode) Result {
	switch {
	case new&Present == 0:
		if !w.space.harmless(new) {
			return BadEntry
		}
		if !write(e, old, new, mode) {
			return Changed
		}
	case new&leafRefused != 0:
		return BadEntry
	case old&Present != 0 && (old^new)&(frameBits|RW|cacheBits) == 0:
		// The same frame with the same rights: no count changes.
		if !write(e, old, adjustLeaf(new), mode) {
			return Changed
		}
		return OK
	case old&Present != 0 && (old^new)&(frameBits|cacheBits) == 0:
		return w.setRights(e, old, adjustLeaf(new), mode)
	default:
		new = adjustLeaf(new)
		if w.quickGet(new) {
			new &^= cacheBits
		} else {
			var r Result
			if new, r = w.getLeaf(new); r != OK {
				return r
			}
		}
		if !write(e, old, new, mode) {
			w.putLeaf(new)
			return Changed
		}
	}
	if old&Present != 0 && !w.quickPut(old) {
		w.putLeaf(old)
	}
	return OK
}

// setRights changes an entry to one for the same frame that can be written to, or
// no more. The reference to the frame stays; so does its owner, whose
// frames the call has to be about if the entry gets a right.
func (w *Work) setRights(e *atomic.Uint64, old, new PTE, mode Mode) Result {
	i := w.frames.info(new.MFN())
	counts := i != nil && i.Ref.Load() != 0
	if new&RW != 0 && counts {
		if Owner(i.Ref.Load()>>ownerShift) != w.from {
			return NoMapping
		}
		if r := w.getWritable(i, w.from); r != OK {
			return unmappable(r)
		}
	}
	gone, r := old, OK
	if !write(e, old, new, mode) {
		gone, r = new, Changed
	}
	if gone&RW != 0 && counts {
		w.putWritable(new.MFN(), i)
	}
	return r
}

// adjustLeaf makes an entry what it has to be: guest kernel and guest user both
// run at CPL 3, so every page is a user page and which of the two sees it is
// decided by the root; and no translation outlives a flush of its tag.
func adjustLeaf(e PTE) PTE { return e&^Global | User }

// getLeaf takes the references that a present L1 entry needs, and returns the
// entry as it is to be written.
func (w *Work) getLeaf(e PTE) (PTE, Result) {
	if e&leafRefused != 0 {
		return e, BadEntry
	}
	e = adjustLeaf(e)
	m := e.MFN()
	i := w.frames.info(m)
	if i == nil || i.Ref.Load() == 0 {
		return e, w.device(m)
	}
	// RAM is write-back in all its mappings, so that none reads around
	// another's cache lines.
	e &^= cacheBits
	if r := get(i, w.from); r != OK {
		return e, unmappable(r)
	}
	if e&RW != 0 {
		if r := w.getWritable(i, w.from); r != OK {
			w.put(m, i)
			return e, unmappable(r)
		}
	}
	return e, OK
}

// unmappable is what it means for an L1 entry that its frame is not to be had.
// Guests are told another error for it than for a table.
func unmappable(r Result) Result {
	switch r {
	case NoFrame, NotOwner, WrongType:
		return NoMapping
	}
	return r
}

// device judges a mapping of a frame that has no references, since it is not
// a domain's RAM. What the Space's ranges hold never becomes that.
func (w *Work) device(m frame.MFN) Result {
	if w.space.mayMap(m) {
		return OK
	}
	if w.frames.info(m) != nil {
		return NoMapping // free, or the hypervisor's
	}
	return NoDevice
}

// putLeaf gives back what getLeaf took for an entry that was present.
func (w *Work) putLeaf(e PTE) {
	m := e.MFN()
	i := w.frames.info(m)
	if i == nil || i.Ref.Load() == 0 {
		w.space.unmapped(m) // a device's: an entry that counts keeps the word from zero
		return
	}
	if e&RW != 0 {
		w.putWritable(m, i)
	}
	w.put(m, i)
}
