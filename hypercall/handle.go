package hypercall

import "unsafe"

// Handle is the address, in the calling guest's space, of a T or of an array
// of them: XEN_GUEST_HANDLE of public header arch-x86/xen.h. It comes from the
// guest, so it may be anything.
type Handle[T any] uint64

// Array is the stretch of n elements from the handle on: its first address and
// its length in bytes. It is not ok if the stretch runs past the end of the
// address space, whatever n is; whether a guest may name such addresses is for
// the caller to check, for the whole stretch.
func (h Handle[T]) Array(n uint64) (start, length uint64, ok bool) {
	size := uint64(unsafe.Sizeof(*new(T)))
	if size != 0 && n > ^uint64(0)/size {
		return 0, 0, false
	}
	start, length = uint64(h), n*size
	return start, length, start+length >= start
}

// At is the address of element i. It wraps where Array would not be ok: check
// the array first.
func (h Handle[T]) At(i uint64) Handle[T] {
	return h + Handle[T](i*uint64(unsafe.Sizeof(*new(T))))
}
