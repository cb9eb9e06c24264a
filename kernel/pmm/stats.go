package pmm

import "tuco/kernel/lock"

// Stats is the allocator's account. Sizes are in frames.
type Stats struct {
	Total    uint64               // RAM known
	Reserved uint64               // of it, never given to the allocator
	Free     uint64               // of it, free
	InZone   [zones]uint64        // of Free, by zone
	Blocks   [MaxOrder + 1]uint64 // free blocks of each order

	Allocs   uint64 // blocks handed out since boot
	Frees    uint64 // blocks given back
	Failed   uint64 // allocations refused for lack of memory
	Scrubbed uint64 // frames zeroed
}

// Allocated is the number of frames handed out and not given back.
func (s *Stats) Allocated() uint64 { return s.Total - s.Reserved - s.Free }

// Stats fills in the account as of now.
func (a *Allocator) Stats(h *lock.Holder, s *Stats) {
	a.lock.Lock(h)
	*s = a.stats
	for z := range a.areas {
		area := &a.areas[z]
		s.InZone[z] = area.frames
		s.Free += area.frames
		for order, n := range area.count {
			s.Blocks[order] += n
		}
	}
	a.lock.Unlock(h)
}
