package guestmem

import (
	"sync/atomic"
	"unsafe"

	"tuco/kernel/frame"
)

// Read copies from the guest. What was copied before a fault stays copied.
func (v *View) Read(to []byte, from frame.VAddr) (Fault, bool) {
	for len(to) > 0 {
		m, f, ok := v.walk(from, false)
		if !ok {
			return f, false
		}
		n := copy(to, v.Frames.Page(m)[from.Offset():])
		to, from = to[n:], from+frame.VAddr(n)
	}
	return Fault{}, true
}

// Write copies to the guest. What was copied before a fault stays copied.
func (v *View) Write(to frame.VAddr, from []byte) (Fault, bool) {
	for len(from) > 0 {
		m, f, ok := v.walk(to, true)
		if !ok {
			return f, false
		}
		n := copy(v.Frames.Page(m)[to.Offset():], from)
		from, to = from[n:], to+frame.VAddr(n)
	}
	return Fault{}, true
}

// Word is an aligned word of 8 bytes, good until this CPU next answers flush
// requests. With write, it may be written to.
func (v *View) Word(a frame.VAddr, write bool) (*atomic.Uint64, Fault, bool) {
	m, f, ok := v.walk(a, write)
	if !ok || a&7 != 0 {
		return nil, f, false
	}
	return &v.Frames.Table(m)[a.Offset()>>3], f, true
}

// Writable tells whether all bytes of a stretch that is not longer than a page
// can be written to now.
func (v *View) Writable(a frame.VAddr, n uint64) (Fault, bool) {
	if _, f, ok := v.walk(a, true); !ok {
		return f, false
	}
	last := a + frame.VAddr(n-1)
	if last.Down() == a.Down() {
		return Fault{}, true
	}
	_, f, ok := v.walk(last.Down(), true)
	return f, ok
}

// Get copies a structure from the guest, once.
func Get[T any](v *View, to *T, from frame.VAddr) bool {
	if !onePage[T](from) {
		_, ok := v.Read(bytesOf(to), from)
		return ok
	}
	m, _, ok := v.walk(from, false)
	if ok {
		*to = *at[T](v, m, from)
	}
	return ok
}

// Put copies a structure to the guest.
func Put[T any](v *View, to frame.VAddr, from *T) bool {
	if !onePage[T](to) {
		_, ok := v.Write(to, bytesOf(from))
		return ok
	}
	m, _, ok := v.walk(to, true)
	if ok {
		*at[T](v, m, to) = *from
	}
	return ok
}

// PutUint32 is Put for a number by itself, with which lists of requests end.
func (v *View) PutUint32(to frame.VAddr, x uint32) bool {
	if !onePage[uint32](to) {
		return Put(v, to, &x)
	}
	m, _, ok := v.walk(to, true)
	if ok {
		*at[uint32](v, m, to) = x
	}
	return ok
}

// onePage tells whether a structure at an address lies on one page.
func onePage[T any](a frame.VAddr) bool {
	return a.Offset()+uint64(unsafe.Sizeof(*new(T))) <= frame.PageSize
}

// at is a structure in a frame, at the offset that an address has.
func at[T any](v *View, m frame.MFN, a frame.VAddr) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(v.Frames.Page(m)), a.Offset()))
}

// Some copies the first elements of an array from the guest: those that lie whole
// on the array's first page, and one at least. It returns how many; 0 is a fault.
func Some[T any](v *View, to []T, from frame.VAddr) int {
	if len(to) == 0 {
		return 0
	}
	if !onePage[T](from) {
		if !Get(v, &to[0], from) {
			return 0
		}
		return 1
	}
	m, _, ok := v.walk(from, false)
	if !ok {
		return 0
	}
	if len(to) == 1 { // as in most lists
		to[0] = *at[T](v, m, from)
		return 1
	}
	n := (frame.PageSize - from.Offset()) / uint64(unsafe.Sizeof(*new(T)))
	return copy(to, unsafe.Slice(at[T](v, m, from), n))
}

// Direct is n elements of an array in the guest's memory themselves, to be written
// to before this CPU next answers flush requests. They are not to be read: the
// guest may change them at any time. Nil if they do not all lie on one page that
// can be written to.
func Direct[T any](v *View, a frame.VAddr, n int) []T {
	if a.Offset()+uint64(n)*uint64(unsafe.Sizeof(*new(T))) > frame.PageSize {
		return nil
	}
	m, _, ok := v.walk(a, true)
	if !ok {
		return nil
	}
	return unsafe.Slice(at[T](v, m, a), n)
}

// PutAll copies an array to the guest.
func PutAll[T any](v *View, to frame.VAddr, from []T) bool {
	if len(from) == 0 {
		return true
	}
	_, ok := v.Write(to, bytesOfAll(from))
	return ok
}

// bytesOfAll is the memory of an array that is not empty.
func bytesOfAll[T any](a []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&a[0])), uintptr(len(a))*unsafe.Sizeof(*new(T)))
}

func bytesOf[T any](p *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), unsafe.Sizeof(*p))
}
