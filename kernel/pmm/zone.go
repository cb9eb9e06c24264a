package pmm

import (
	"math/bits"

	"tuco/kernel/frame"
)

// MaxOrder is the order of the largest block, 1 GiB.
const MaxOrder = 18

// Zone bounds where an allocation may lie.
type Zone uint8

const (
	Below1M  Zone = iota // real-mode code: the start of an application processor
	Below4G              // devices with 32-bit addresses
	Anywhere             // no bound
	zones
)

func zoneOf(m frame.MFN) Zone {
	switch {
	case m < 1<<(20-frame.PageShift):
		return Below1M
	case m < 1<<(32-frame.PageShift):
		return Below4G
	}
	return Anywhere
}

// area is the free blocks of one zone: a doubly linked list for each order.
type area struct {
	head   [MaxOrder + 1]uint32 // first free block; meaningless where count is 0
	count  [MaxOrder + 1]uint64 // blocks in the list
	orders uint32               // bit n is set if list n is not empty
	frames uint64               // frames in all the blocks
}

// find returns the smallest order, from the one given, that has a free block.
func (a *area) find(order uint) (uint, bool) {
	candidates := a.orders >> order << order
	return uint(bits.TrailingZeros32(candidates)), candidates != 0
}

// insert makes m the first frame of a free block and puts it at the list's head.
func (a *area) insert(r *records, m frame.MFN, order uint) {
	info, next := r.at(m), nolink
	if a.count[order] != 0 {
		next = a.head[order]
		first := r.at(frame.MFN(next))
		after, _ := first.links()
		first.setLinks(after, uint32(m))
	}
	info.setLinks(next, nolink)
	info.state, info.order = free, uint8(order)
	a.head[order] = uint32(m)
	a.count[order]++
	a.orders |= 1 << order
	a.frames += 1 << order
}

// remove takes the free block out of its list. The caller gives it a new state.
func (a *area) remove(r *records, m frame.MFN, order uint) {
	info := r.at(m)
	next, prev := info.links()
	if prev == nolink {
		a.head[order] = next
	} else {
		before := r.at(frame.MFN(prev))
		_, p := before.links()
		before.setLinks(next, p)
	}
	if next != nolink {
		after := r.at(frame.MFN(next))
		n, _ := after.links()
		after.setLinks(n, prev)
	}
	info.Type.Store(0)
	a.count[order]--
	if a.count[order] == 0 {
		a.orders &^= 1 << order
	}
	a.frames -= 1 << order
}
