package ring

import (
	"errors"
	"unsafe"
)

// ErrIndex says that the peer moved an index to where it can't be. The ring is of no use any more.
var ErrIndex = errors.New("the peer's ring index is impossible")

// Header is what a ring's memory begins with: the fields of the public header's rings (io/ring.h). Slots follow.
type Header struct {
	ReqProd  uint32 // [front] requests below it are there
	ReqEvent uint32 // [back] the request that it wants to be notified of
	RspProd  uint32 // [back] responses below it are there
	RspEvent uint32 // [front] the response that it wants to be notified of
	_        [48]byte
}

// HeaderOf is the header of a ring, which may be the peer's: what it says has to be read atomically and checked.
// It panics if the memory is too small or not aligned, which is a mistake of the caller's.
func HeaderOf(memory []byte) *Header {
	h := (*Header)(unsafe.Pointer(&memory[:unsafe.Sizeof(Header{})][0]))
	if uintptr(unsafe.Pointer(h))%unsafe.Alignof(uint64(0)) != 0 {
		panic("a ring's memory is not aligned")
	}
	return h
}

// slots are the entries of a ring. Each has room for a request or a response.
type slots[Req, Rsp any] struct {
	memory []byte
	mask   uint32
}

// split finds header and slots in a ring's memory.
func split[Req, Rsp any](memory []byte) (*Header, slots[Req, Rsp]) {
	h := HeaderOf(memory)
	memory = memory[unsafe.Sizeof(*h):]
	n := Slots[Req, Rsp](len(memory) + int(unsafe.Sizeof(*h)))
	if n == 0 {
		panic("a ring's memory has no room for a slot")
	}
	return h, slots[Req, Rsp]{memory[:n*slotSize[Req, Rsp]()], uint32(n - 1)}
}

// Slots is how many slots a ring has in a memory of some bytes: the greatest power of two that fits.
func Slots[Req, Rsp any](size int) int {
	n := (size - int(unsafe.Sizeof(Header{}))) / slotSize[Req, Rsp]()
	for n&(n-1) != 0 {
		n &= n - 1
	}
	return max(n, 0)
}

func slotSize[Req, Rsp any]() int {
	var req Req
	var rsp Rsp
	return int(max(unsafe.Sizeof(req), unsafe.Sizeof(rsp)))
}

// at is a slot's bytes. Copies of them are calls of the runtime's, so the compiler can't read them twice.
func (s slots[Req, Rsp]) at(index uint32) []byte {
	size := slotSize[Req, Rsp]()
	from := int(index&s.mask) * size
	return s.memory[from : from+size : from+size]
}

// bytesOf is a message's memory. Messages hold no pointers.
func bytesOf[T any](p *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), unsafe.Sizeof(*p))
}
