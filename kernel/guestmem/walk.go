package guestmem

import (
	"sync/atomic"

	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
	"tuco/kernel/x86"
)

// View is a guest's address space: the tables below a root.
type View struct {
	Frames *pagetype.Frames
	Root   frame.MFN // NoMFN: nothing is mapped
}

// Fault says why an address could not be reached: as the processor reports it
// to a guest's kernel.
type Fault struct {
	Address frame.VAddr
	Code    uint32 // of a page fault, without the user bit
}

// tries is how often a page-table entry is looked at anew because it changes
// under the walk.
const tries = 16

// walk finds the page that holds an address. The result is good until this CPU
// next answers flush requests.
func (v *View) walk(a frame.VAddr, write bool) (m frame.MFN, f Fault, ok bool) {
	f.Address = a
	need := pagetype.Present
	if write {
		f.Code = x86.PFWrite
		need |= pagetype.RW
	}
	if v.Root == frame.NoMFN || !Usable(a) {
		return 0, f, false
	}
	// The levels one by one: this is where short hypercalls spend their time.
	e := pagetype.PTE(v.Frames.Table(v.Root)[index(a, 39)].Load())
	if e&need != need {
		return 0, f.at(e), false
	}
	e = pagetype.PTE(v.Frames.Below(e)[index(a, 30)].Load())
	if e&need != need {
		return 0, f.at(e), false
	}
	e = pagetype.PTE(v.Frames.Below(e)[index(a, 21)].Load())
	if e&need != need {
		return 0, f.at(e), false
	}
	leaf := &v.Frames.Below(e)[index(a, frame.PageShift)]
	e = pagetype.PTE(leaf.Load())
	for range tries {
		if e&need != need {
			return 0, f.at(e), false
		}
		m = e.MFN()
		if !v.Frames.Owned(m) {
			return 0, f, false // a device's
		}
		if !write || mark(leaf, e) {
			return m, f, true
		}
		e = pagetype.PTE(leaf.Load())
	}
	return 0, f, false
}

// index is where the table of a level has the entry for an address.
func index(a frame.VAddr, shift uint) uint64 { return uint64(a) >> shift & (pagetype.Entries - 1) }

// mark notes in an entry that the page is written to, as the processor does.
func mark(leaf *atomic.Uint64, e pagetype.PTE) bool {
	const used = pagetype.Accessed | pagetype.Dirty
	return e&used == used || leaf.CompareAndSwap(uint64(e), uint64(e|used))
}

// at completes a fault that an entry is the reason of.
func (f Fault) at(e pagetype.PTE) Fault {
	if e&pagetype.Present != 0 {
		f.Code |= x86.PFPresent
	}
	return f
}

// Usable tells whether an address is one that a guest's tables can map.
func Usable(a frame.VAddr) bool {
	slot := uint64(a) >> 39 & (pagetype.Entries - 1)
	return a.Canonical() && (slot < pagetype.FirstSlot || slot >= pagetype.EndSlot)
}

// Entry is the L1 entry that maps an address, as it is now; false if no table does.
func (v *View) Entry(a frame.VAddr) (e pagetype.PTE, ok bool) {
	if v.Root == frame.NoMFN || !Usable(a) {
		return 0, false
	}
	m := v.Root
	for shift := 39; ; shift -= 9 {
		e = pagetype.PTE(v.Frames.Table(m)[uint64(a)>>shift&(pagetype.Entries-1)].Load())
		if shift == frame.PageShift {
			return e, true
		}
		if e&pagetype.Present == 0 {
			return 0, false
		}
		m = e.MFN()
	}
}

// Allows tells whether the tables let user-mode code do what a page fault
// with this error code was about: then the fault was due to an old translation.
func (v *View) Allows(a frame.VAddr, code uint32) bool {
	if v.Root == frame.NoMFN || !Usable(a) {
		return false
	}
	m, refused := v.Root, pagetype.PTE(0)
	need := pagetype.Present
	if code&x86.PFWrite != 0 {
		need |= pagetype.RW
	}
	if code&x86.PFFetch != 0 {
		refused = pagetype.NoExecute
	}
	for shift := 39; shift >= frame.PageShift; shift -= 9 {
		e := pagetype.PTE(v.Frames.Table(m)[uint64(a)>>shift&(pagetype.Entries-1)].Load())
		if e&need != need || e&refused != 0 {
			return false
		}
		m = e.MFN()
	}
	return true
}
