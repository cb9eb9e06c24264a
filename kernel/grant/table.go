package grant

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
)

// MaxFrames is how many frames a table may have.
const MaxFrames = 64

// Table is what a domain grants: frames of entries that the guest writes, and a
// record for each entry. It is used in place, after Init.
type Table struct {
	lock   lock.Spin
	owner  pagetype.Owner
	closed bool // [lock]

	// The elements of these are written where count does not cover them yet.
	frames  [MaxFrames]frame.MFN
	entries [MaxFrames]*Entries
	uses    [MaxFrames]*Uses
	count   atomic.Uint32 // publishes the above; whoever adds is alone
}

// Uses is the records of a frame of entries.
type Uses [PerFrame]use

// use is the record of an entry. [lock]
type use struct {
	frame uint32 // a reference to it is held while there is a pin
	by    hypercall.DomID
	pins  pins
}

// pins are how many there are: those to read, and in the upper half those to write.
// Neither half overflows: there are fewer handles and CPUs.
type pins uint64

func one(write bool) pins {
	if write {
		return 1 << 32
	}
	return 1
}

func (p pins) writers() uint32 { return uint32(p >> 32) }
func (p pins) readers() uint32 { return uint32(p) }

// Init makes the table of a domain, whose memory is all zero.
func (t *Table) Init(o pagetype.Owner) {
	t.lock.Init(lock.Grants)
	t.owner = o
}

// Frames are those that the table has.
func (t *Table) Frames() []frame.MFN {
	return t.frames[:t.count.Load()] // acquire
}

// Uses are the records that the table has, a page for each of its frames.
func (t *Table) Uses() []*Uses { return t.uses[:t.count.Load()] }

// Add makes the table, which is not as long as it may be, longer by a frame, which
// holds entries. Uses is all zero. One caller at a time.
func (t *Table) Add(m frame.MFN, entries *Entries, uses *Uses) {
	n := t.count.Load()
	t.frames[n], t.entries[n], t.uses[n] = m, entries, uses
	t.count.Store(n + 1) // release
}

// Close is for the end of the granter, before its entries' frames may be freed:
// nothing is pinned any more, and no entry touched.
func (t *Table) Close(h *lock.Holder) {
	t.lock.Lock(h)
	t.closed = true
	t.lock.Unlock(h)
}

// at is the entry of a grant, and its record; nil if there is none.
func (t *Table) at(ref hypercall.GrantRef) (*Entry, *use) {
	n := uint32(ref) / PerFrame
	if n >= t.count.Load() { // acquire
		return nil, nil
	}
	n %= MaxFrames
	return &t.entries[n][ref%PerFrame], &t.uses[n][ref%PerFrame]
}

// Pin begins a use of a grant by the domain that it is for, and says which frame
// it is. Work is for references to the granter's frames.
//
// GNTST_bad_gntref: there is no such entry. GNTST_general_error: it is no grant, or not
// one for this domain, or not for writing. GNTST_bad_page: the frame is not the granter's.
//
// The entry is marked, if it is not marked so already; then the frame is taken, by the
// first, since a frame that is not had must not be counted on; and then the pin counts.
func (t *Table) Pin(h *lock.Holder, w *pagetype.Work, ref hypercall.GrantRef, by hypercall.DomID, write bool) (m frame.MFN, s hypercall.GrantStatus) {
	e, u := t.at(ref)
	if e == nil {
		return 0, hypercall.GNTST_bad_gntref
	}
	t.lock.Lock(h)
	switch {
	case t.closed:
		s = hypercall.GNTST_bad_gntref
	case u.pins != 0 && u.by != by:
		s = hypercall.GNTST_general_error
	case (u.pins == 0 || write && u.pins.writers() == 0) && !e.mark(by, write):
		s = hypercall.GNTST_general_error
	case u.pins == 0 && !t.first(w, e, u, by):
		s = hypercall.GNTST_bad_page
	default:
		u.pins += one(write)
		m = frame.MFN(u.frame)
	}
	t.lock.Unlock(h)
	return m, s
}

// first takes the frame of an entry that is marked and was not in use.
func (t *Table) first(w *pagetype.Work, e *Entry, u *use, by hypercall.DomID) bool {
	m := e.frame.Load()
	if w.TryGet(frame.MFN(m), t.owner) != pagetype.OK {
		e.unmark(reading | writing)
		return false
	}
	u.frame, u.by = m, by
	return true
}

// Unpin ends what Pin began. If it was a mapping, no processor has a translation of it
// any more. The frame may be on work's list of freed ones then.
func (t *Table) Unpin(h *lock.Holder, w *pagetype.Work, ref hypercall.GrantRef, write bool) {
	e, u := t.at(ref)
	t.lock.Lock(h)
	if write && u.pins.writers() == 0 || !write && u.pins.readers() == 0 {
		klog.Bugf("grant %d of domain %d is given back more often than it was pinned", klog.U(ref), klog.U(t.owner))
	}
	u.pins -= one(write)
	if !t.closed {
		switch {
		case u.pins == 0:
			e.unmark(reading | writing)
		case u.pins.writers() == 0:
			e.unmark(writing)
		}
	}
	last, m := u.pins == 0, frame.MFN(u.frame)
	t.lock.Unlock(h)
	if last {
		w.Put(m) // the domain may be gone with it, and this table
	}
}

// Swap exchanges two entries. GNTST_bad_gntref: there is no such one. GNTST_eagain: one is
// in use.
func (t *Table) Swap(h *lock.Holder, a, b hypercall.GrantRef) hypercall.GrantStatus {
	e, u := t.at(a)
	f, v := t.at(b)
	if e == nil || f == nil {
		return hypercall.GNTST_bad_gntref
	}
	t.lock.Lock(h)
	inUse := u.pins|v.pins != 0
	if !inUse && !t.closed {
		head, m := e.head.Load(), e.frame.Load()
		e.head.Store(f.head.Load())
		e.frame.Store(f.frame.Load())
		f.head.Store(head)
		f.frame.Store(m)
	}
	t.lock.Unlock(h)
	if inUse {
		return hypercall.GNTST_eagain
	}
	return hypercall.GNTST_okay
}
