package pool

import (
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/pmm"
)

// Source is where a pool's frames come from.
type Source interface {
	// Take returns the address of 2^order frames side by side, or false.
	Take(h *lock.Holder, order uint) (frame.VAddr, bool)
	// Give returns what Take returned.
	Give(h *lock.Holder, v frame.VAddr, order uint)
}

// Frames is the source that a kernel uses: the frame allocator, seen through the
// direct map.
type Frames struct{ *pmm.Allocator }

// Take is Source's.
func (f *Frames) Take(h *lock.Holder, order uint) (frame.VAddr, bool) {
	m, r := f.Alloc(h, order, pmm.Anywhere)
	return layout.Direct(m.Addr()), r == pmm.OK
}

// Give is Source's. The frames were Take's, so that nothing can be wrong with them.
func (f *Frames) Give(h *lock.Holder, v frame.VAddr, order uint) {
	f.Free(h, layout.Machine(v).MFN(), order)
}
