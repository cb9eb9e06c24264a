package layout

import (
	"unsafe"

	"tuco/kernel/frame"
)

// Pointer makes a pointer of an address that is mapped for good: the direct
// map, the image, a stack. It exists so that the conversion, which vet rightly
// distrusts in programs with a moving heap, is written in one place.
//
//go:nosplit
func Pointer(v frame.VAddr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&v))
}

// Bytes is machine memory seen through the direct map. The caller knows that
// the range is RAM that nobody else changes while it looks.
//
// Inlined, the pointer loses its type on the way through the compiler, and a
// copy of constant size to or from it makes the compiler panic (Go 1.26,
// "disjointTypes: one of arguments is not a pointer").
//
//go:noinline
func Bytes(a frame.MAddr, n uint64) []byte {
	return unsafe.Slice((*byte)(Pointer(Direct(a))), n)
}
