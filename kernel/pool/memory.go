package pool

import (
	"sync/atomic"
	"unsafe"

	"tuco/kernel/frame"
	"tuco/kernel/layout"
)

// slot is the place of one object. The object comes first: its address is the slot's.
type slot[T any] struct {
	object     T
	generation atomic.Uint32 // odd while the object lives
	index      uint32        // constant
	next       uint32        // in the free list: the index of the next slot, or none
}

const none = ^uint32(0)

func slotSize[T any]() uint64 { return uint64(unsafe.Sizeof(slot[T]{})) }

// slotAt is slot n of the chunk of frames at v.
func slotAt[T any](v frame.VAddr, n uint32) *slot[T] {
	return (*slot[T])(layout.Pointer(v + frame.VAddr(uint64(n)*slotSize[T]())))
}

// slotOf is the slot that an object of the pool's lies in.
func slotOf[T any](object *T) *slot[T] { return (*slot[T])(unsafe.Pointer(object)) }

// zero clears the object as bytes; the type may be one that must not be copied.
func (s *slot[T]) zero() {
	clear(unsafe.Slice((*byte)(unsafe.Pointer(&s.object)), unsafe.Sizeof(s.object)))
}
