package pmm

import (
	"unsafe"

	"tuco/kernel/frame"
	"tuco/kernel/lock"
)

// Allocator hands out frames. There is one in the kernel.
type Allocator struct {
	records records // constant after Init, but for what the records hold
	scrub   func(h *lock.Holder, m frame.MFN, frames uint64)

	lock  lock.Spin // guards all below, and state, order and links of the records
	areas [zones]area
	stats Stats
}

// Init takes over the map's RAM: what is available becomes free, what is
// reserved stays so until Release. Room is where the plan's frames are visible
// to the kernel, and scrub zeroes frames (see the package's comment; it is called
// with the allocator's lock not held). Nothing may be taken from the map any more.
func (a *Allocator) Init(h *lock.Holder, m *Map, p Plan, room unsafe.Pointer, scrub func(h *lock.Holder, m frame.MFN, frames uint64)) Result {
	a.lock.Init(lock.Frames)
	a.scrub = scrub
	a.records.build(m, &p, room)
	for r, ok := m.NextRAM(0); ok; r, ok = m.NextRAM(r.End) {
		a.stats.Total += r.Len()
	}
	a.stats.Reserved = a.stats.Total
	for r, ok := m.NextAvailable(0); ok; r, ok = m.NextAvailable(r.End) {
		if res := a.Release(h, r); res != OK {
			return res
		}
	}
	return OK
}

// Info returns the frame's record, or nil if it has none; a frame that is
// not RAM may have one. The caller knows that the frame is not free, or looks
// at nothing but Ref.
func (a *Allocator) Info(m frame.MFN) *Info { return a.records.at(m) }

// Most is the records of the longest run of frames that all have one, from the frame
// first on: for those to whom Info is too slow. Constant after Init.
func (a *Allocator) Most() (first frame.MFN, infos []Info) { return a.records.first, a.records.most }

// Alloc returns the first frame of a block of 2^order zeroed frames in the zone.
func (a *Allocator) Alloc(h *lock.Holder, order uint, in Zone) (frame.MFN, Result) {
	m, r := a.alloc(h, order, in, 1<<order)
	if r == OK {
		a.scrub(h, m, 1<<order)
	}
	return m, r
}

// AllocRaw is Alloc of frames that hold what they held before, for an owner that may
// see it. A flush that is due for them is the caller's affair.
func (a *Allocator) AllocRaw(h *lock.Holder, order uint, in Zone) (frame.MFN, Result) {
	return a.alloc(h, order, in, 0)
}

// alloc takes a block, of whose frames so many will be zeroed.
func (a *Allocator) alloc(h *lock.Holder, order uint, in Zone, scrubbed uint64) (frame.MFN, Result) {
	if order > MaxOrder {
		return 0, BadOrder
	}
	a.lock.Lock(h)
	m, ok := a.take(order, in)
	if !ok {
		a.stats.Failed++
		a.lock.Unlock(h)
		return 0, NoMemory
	}
	a.stats.Allocs++
	a.stats.Scrubbed += scrubbed
	a.lock.Unlock(h)
	return m, OK
}

// AllocFrames is Alloc for single frames, which need not lie side by side: for as many as the
// list holds, or as there are. It returns how many.
func (a *Allocator) AllocFrames(h *lock.Holder, list []frame.MFN, in Zone) (n int) {
	a.lock.Lock(h)
	for n < len(list) {
		m, ok := a.take(0, in)
		if !ok {
			a.stats.Failed++
			break
		}
		list[n] = m
		n++
	}
	a.stats.Allocs += uint64(n)
	a.stats.Scrubbed += uint64(n)
	a.lock.Unlock(h)
	for _, m := range list[:n] {
		a.scrub(h, m, 1)
	}
	return n
}

// take finds a block, the highest zone first, and halves it down to the order.
func (a *Allocator) take(order uint, in Zone) (frame.MFN, bool) {
	for z := int(min(in, Anywhere)); z >= 0; z-- {
		area := &a.areas[z]
		o, ok := area.find(order)
		if !ok {
			continue
		}
		m := frame.MFN(area.head[o])
		area.remove(&a.records, m, o)
		for o > order {
			o--
			area.insert(&a.records, m+1<<o, o)
		}
		info := a.records.at(m)
		info.state, info.order = allocated, uint8(order)
		return m, true
	}
	return 0, false
}

// Free gives back a block that Alloc returned, or a part of one after Split.
// If the result is not OK nothing was changed.
func (a *Allocator) Free(h *lock.Holder, m frame.MFN, order uint) Result {
	a.lock.Lock(h)
	r := a.check(m, order)
	if r == OK {
		a.give(m, order)
		a.stats.Frees++
	}
	a.lock.Unlock(h)
	return r
}

// check tells whether m is the first frame of an allocated block of this order
// which nobody uses any more.
func (a *Allocator) check(m frame.MFN, order uint) Result {
	if order > MaxOrder {
		return BadOrder
	}
	info := a.records.at(m)
	if info == nil {
		return NotRAM
	}
	switch info.state {
	case hole:
		return NotRAM
	case reserved:
		return Reserved
	case free:
		return DoubleFree
	case tail:
		if a.insideFree(m) {
			return DoubleFree
		}
		return WrongOrder
	}
	if uint(info.order) != order {
		return WrongOrder
	}
	if info.Ref.Load() != 0 || info.Type.Load() != 0 || info.Part != 0 {
		return InUse
	}
	return OK
}

// insideFree tells whether a tail belongs to a free block. The first frame of
// its block is the nearest one, going up in order, that begins a block at all.
func (a *Allocator) insideFree(m frame.MFN) bool {
	for order := uint(1); order <= MaxOrder; order++ {
		info := a.records.at(m >> order << order)
		if info != nil && info.state != tail {
			return info.state == free
		}
	}
	return false
}

// give makes a block free that is in no list, joining it with its buddy for
// as long as that is free too.
func (a *Allocator) give(m frame.MFN, order uint) {
	zone := zoneOf(m)
	area := &a.areas[zone]
	for order < MaxOrder {
		buddy := m ^ 1<<order
		info := a.records.at(buddy)
		if info == nil || info.state != free || uint(info.order) != order || zoneOf(buddy) != zone {
			break
		}
		area.remove(&a.records, buddy, order)
		upper := a.records.at(max(m, buddy))
		upper.state = tail
		m = min(m, buddy)
		order++
	}
	area.insert(&a.records, m, order)
}

// Split turns an allocated block into allocated blocks of a lower order, which
// are then freed one by one. It looks at all of them under the lock.
func (a *Allocator) Split(h *lock.Holder, m frame.MFN, order, into uint) Result {
	if into > order {
		return BadOrder
	}
	a.lock.Lock(h)
	r := a.check(m, order)
	if r == InUse { // in use is what a block to be split may well be
		r = OK
	}
	if r == OK {
		for f := m; f < m+1<<order; f += 1 << into {
			info := a.records.at(f)
			info.state, info.order = allocated, uint8(into)
		}
	}
	a.lock.Unlock(h)
	return r
}

// Release gives reserved RAM to the allocator: at boot what is available, and
// later what was needed for booting only. If the result is not OK, nothing from the
// offending frame's piece on was released.
func (a *Allocator) Release(h *lock.Holder, r frame.Range) Result {
	// Pieces of at most 2 MiB, so that the lock is not held for long.
	const most = 9
	for m := r.Start; m < r.End; {
		order := uint(0)
		for order < most && m&(1<<order) == 0 && m+2<<order <= r.End && zoneOf(m) == zoneOf(m+2<<order-1) {
			order++
		}
		a.lock.Lock(h)
		run := a.records.run(m, 1<<order)
		if !allReserved(run) {
			a.lock.Unlock(h)
			return NotReserved
		}
		for i := range run {
			run[i].state = tail
		}
		a.give(m, order)
		a.stats.Reserved -= 1 << order
		a.lock.Unlock(h)
		m += 1 << order
	}
	return OK
}

func allReserved(run []Info) bool {
	for i := range run {
		if run[i].state != reserved {
			return false
		}
	}
	return len(run) != 0
}
