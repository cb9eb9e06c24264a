package guestmem

import (
	"sync/atomic"

	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
	"tuco/kernel/x86"
)

// View is a guest's address space: the tables below a root. It is for the CPU that has the vCPU, after Begin.
type View struct {
	Frames *pagetype.Frames
	// Root is where the root is; NoMFN: nothing is mapped. When it has become another, whoever has made it so calls Forget.
	Root *frame.MFN

	cache cache
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
func (v *View) walk(a frame.VAddr, write bool) (found *page, f Fault, ok bool) {
	p := v.cache.dataAt(a)
	if v.cache.knows(p, a, write) {
		return p.page, Fault{}, true
	}
	return v.descend(p, a, write)
}

// descend goes down the tables, and has the cache keep in p what is found: the levels one by one, no call on the usual way, for
// which values would have to be kept on the stack, and whatever is not as usual is
// explain's.
//
//go:noinline
func (v *View) descend(p *cachedPage, a frame.VAddr, write bool) (found *page, f Fault, ok bool) {
	root := *v.Root
	if root == frame.NoMFN || !Usable(a) {
		return v.explain(a, write)
	}
	frames := v.Frames
	all := pagetype.PTE(frames.Table(root)[index(a, 39)].Load())
	if all&pagetype.Present == 0 {
		return v.explain(a, write)
	}
	e := pagetype.PTE(frames.Below(all)[index(a, 30)].Load())
	if e&pagetype.Present == 0 {
		return v.explain(a, write)
	}
	all &= e
	e = pagetype.PTE(frames.Below(e)[index(a, 21)].Load())
	if e&pagetype.Present == 0 {
		return v.explain(a, write)
	}
	all &= e
	e = pagetype.PTE(frames.Below(e)[index(a, frame.PageShift)].Load())
	if e&pagetype.Present == 0 {
		return v.explain(a, write)
	}
	first, infos := frames.Most()
	i := uint64(e.MFN() - first)
	if i >= uint64(len(infos)) || infos[i].Ref.Load() == 0 {
		return v.explain(a, write) // it may be a device's
	}
	if write && (e&used != used || all&e&pagetype.RW == 0) {
		return v.explain(a, write)
	}
	found = frames.Page(e.MFN())
	v.cache.keep(p, a, write, found)
	return found, Fault{}, true
}

// explain is walk for what is out of the ordinary: a fault, with the reason for it,
// or an entry that changes under the walk.
//
//go:noinline
func (v *View) explain(a frame.VAddr, write bool) (found *page, f Fault, ok bool) {
	f.Address = a
	need := pagetype.Present
	if write {
		f.Code = x86.PFWrite
		need |= pagetype.RW
	}
	if *v.Root == frame.NoMFN || !Usable(a) {
		return nil, f, false
	}
	t := v.Frames.Table(*v.Root)
	for shift := uint(39); shift > frame.PageShift; shift -= 9 {
		e := pagetype.PTE(t[index(a, shift)].Load())
		if e&need != need {
			return nil, f.at(e), false
		}
		t = v.Frames.Below(e)
	}
	leaf := &t[index(a, frame.PageShift)]
	for range tries {
		e := pagetype.PTE(leaf.Load())
		if e&need != need {
			return nil, f.at(e), false
		}
		if !v.Frames.Owned(e.MFN()) {
			return nil, f, false // a device's
		}
		if !write || mark(leaf, e) {
			return v.Frames.Page(e.MFN()), f, true
		}
	}
	return nil, f, false
}

// index is where the table of a level has the entry for an address.
func index(a frame.VAddr, shift uint) uint64 { return uint64(a) >> shift & (pagetype.Entries - 1) }

// used is what the processor notes in the entry of a page that it writes to.
const used = pagetype.Accessed | pagetype.Dirty

// mark notes in an entry that the page is written to, as the processor does.
func mark(leaf *atomic.Uint64, e pagetype.PTE) bool {
	return e&used == used || leaf.CompareAndSwap(uint64(e), uint64(e|used))
}

// at completes a fault that an entry is the reason of.
func (f Fault) at(e pagetype.PTE) Fault {
	if e&pagetype.Present != 0 {
		f.Code |= x86.PFPresent
	}
	return f
}

// Usable tells whether an address is one that a guest's tables can map: canonical, and
// not in the hypervisor's slots. Those begin where the upper half does, so that what
// is not usable is one stretch.
func Usable(a frame.VAddr) bool { return a-canonicalHole >= endOfOurs-canonicalHole }

// The stretch between: addresses that are not canonical, and the hypervisor's slots.
const (
	canonicalHole frame.VAddr = pagetype.FirstSlot << 39
	endOfOurs     frame.VAddr = 0xffff<<48 | pagetype.EndSlot<<39
)

// Entry is the L1 entry that maps an address, as it is now; false if no table does.
func (v *View) Entry(a frame.VAddr) (e pagetype.PTE, ok bool) {
	if *v.Root == frame.NoMFN || !Usable(a) {
		return 0, false
	}
	frames := v.Frames
	e = pagetype.PTE(frames.Table(*v.Root)[index(a, 39)].Load())
	if e&pagetype.Present == 0 {
		return 0, false
	}
	e = pagetype.PTE(frames.Below(e)[index(a, 30)].Load())
	if e&pagetype.Present == 0 {
		return 0, false
	}
	e = pagetype.PTE(frames.Below(e)[index(a, 21)].Load())
	if e&pagetype.Present == 0 {
		return 0, false
	}
	return pagetype.PTE(frames.Below(e)[index(a, frame.PageShift)].Load()), true
}

// Allows tells whether the tables let user-mode code do what a page fault
// with this error code was about: then the fault was due to an old translation.
func (v *View) Allows(a frame.VAddr, code uint32) bool {
	if *v.Root == frame.NoMFN || !Usable(a) {
		return false
	}
	m, refused := *v.Root, pagetype.PTE(0)
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
