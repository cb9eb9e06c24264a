package volume

import (
	"math/bits"
	"slices"
)

// slots gives out the places of map and directory blocks. They lie 16 to an extent, in extents that no volume's data is in.
type slots struct {
	used map[extent]uint16 // a bit for each slot; an extent with none isn't here
	open []extent          // those with a free slot
}

const allSlots = 1<<slotsPerExtent - 1

func makeSlots() slots { return slots{used: map[extent]uint16{}} }

// has tells whether the extent is one with map blocks in it.
func (s *slots) has(e extent) bool { return s.used[e] != 0 }

// inUse tells whether the slot has been given out.
func (s *slots) inUse(at slot) bool { return s.used[at.extent()]&(1<<(at%slotsPerExtent)) != 0 }

// mark says that a slot is in use, where a walk found it.
func (s *slots) mark(at slot) {
	e := at.extent()
	if s.used[e] == 0 {
		s.open = append(s.open, e)
	}
	s.used[e] |= 1 << (at % slotsPerExtent)
	if s.used[e] == allSlots {
		s.close(e)
	}
}

// take gives out a slot, from an extent of c if none is left. It fails where c has none above the reserve.
func (s *slots) take(c *counts, reserve uint32) (slot, bool) {
	if len(s.open) == 0 {
		if c.free <= reserve {
			return 0, false
		}
		e, ok := c.take()
		if !ok {
			return 0, false
		}
		s.open = append(s.open, e)
	}
	e := s.open[len(s.open)-1]
	at := e.slot(bits.TrailingZeros16(^s.used[e]))
	s.used[e] |= 1 << (at % slotsPerExtent)
	if s.used[e] == allSlots {
		s.close(e)
	}
	return at, true
}

// ready tells whether take would succeed n times.
func (s *slots) ready(n int, c *counts, reserve uint32) bool {
	for _, e := range s.open {
		n -= slotsPerExtent - bits.OnesCount16(s.used[e])
	}
	return n <= 0 || uint32(ceil(n, slotsPerExtent))+reserve <= c.free
}

// give takes a slot back; the last one's extent is free again.
func (s *slots) give(at slot, c *counts) {
	e := at.extent()
	if s.used[e] == allSlots {
		s.open = append(s.open, e)
	}
	s.used[e] &^= 1 << (at % slotsPerExtent)
	if s.used[e] == 0 {
		s.close(e)
		delete(s.used, e)
		c.release(e)
	}
}

func (s *slots) close(e extent) {
	s.open = slices.DeleteFunc(s.open, func(o extent) bool { return o == e })
}
