package pmm

import (
	"sync/atomic"
	"unsafe"
)

// Info is the record of one frame. The exported words belong to the code that
// tracks owners and types of frames, while the frame is allocated. A frame comes
// out of Alloc with Type, Ref and Part zero, and must go into Free so.
type Info struct {
	// Type is the frame's type and how often it is in use as that. While the
	// frame is free, the word holds its neighbours in the free list. [pmm]
	Type atomic.Uint64

	// Ref is the frame's owner and how many references there are to it. Zero
	// means that nobody may take a reference: the frame is free, or the
	// hypervisor's own. It is zero also in a hole.
	Ref atomic.Uint64

	// Stamp tells when the frame was last reachable by a guest's TLB. Free and
	// Alloc leave it alone, so that whoever uses the frame next knows whether
	// a flush is still due.
	Stamp atomic.Uint32

	// Part is how far an interrupted validation has come.
	Part uint16

	state state // [pmm], under the allocator's lock
	order uint8 // [pmm], of the block that begins here, if one does
}

const infoSize = 24

const (
	_ = uint(unsafe.Sizeof(Info{}) - infoSize)
	_ = uint(infoSize - unsafe.Sizeof(Info{}))
)

type state uint8

const (
	hole      state = iota // no RAM
	reserved               // RAM not given to the allocator
	tail                   // not the first frame of its block
	free                   // the first frame of a free block
	allocated              // the first frame of an allocated block
)

// nolink ends a free list. No frame has this number: see Limit.
const nolink = ^uint32(0)

func (i *Info) setLinks(next, prev uint32) { i.Type.Store(uint64(prev)<<32 | uint64(next)) }

func (i *Info) links() (next, prev uint32) {
	l := i.Type.Load()
	return uint32(l), uint32(l >> 32)
}
