package guestmem

import (
	"sync/atomic"
	"unsafe"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// Read copies from the guest. What was copied before a fault stays copied.
func (v *View) Read(to []byte, from frame.VAddr) (Fault, bool) {
	for len(to) > 0 {
		found, f, ok := v.walk(from, false)
		if !ok {
			return f, false
		}
		n := copy(to, found[from.Offset():])
		to, from = to[n:], from+frame.VAddr(n)
	}
	return Fault{}, true
}

// Write copies to the guest. What was copied before a fault stays copied.
func (v *View) Write(to frame.VAddr, from []byte) (Fault, bool) {
	for len(from) > 0 {
		found, f, ok := v.walk(to, true)
		if !ok {
			return f, false
		}
		n := copy(found[to.Offset():], from)
		from, to = from[n:], to+frame.VAddr(n)
	}
	return Fault{}, true
}

// Word is an aligned word of 8 bytes, good until this CPU next answers flush
// requests. With write, it may be written to.
func (v *View) Word(a frame.VAddr, write bool) (*atomic.Uint64, Fault, bool) {
	found, f, ok := v.walk(a, write)
	if !ok || a&7 != 0 {
		return nil, f, false
	}
	return &(*pagetype.Table)(unsafe.Pointer(found))[a.Offset()>>3], f, true
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
//
// Get, Put and Some are a type's clothes for functions that know sizes only: of a generic
// function the compiler makes one for each type, and inlines none in it.
func Get[T any](v *View, to *T, from frame.VAddr) bool {
	return v.get(unsafe.Pointer(to), unsafe.Sizeof(*to), from)
}

func (v *View) get(to unsafe.Pointer, size uintptr, from frame.VAddr) bool {
	if !onePage(from, size) {
		_, ok := v.Read(unsafe.Slice((*byte)(to), size), from)
		return ok
	}
	found, _, ok := v.walk(from, false)
	if ok {
		move(to, at(found, from), size)
	}
	return ok
}

// Put copies a structure to the guest.
func Put[T any](v *View, to frame.VAddr, from *T) bool {
	return v.put(to, unsafe.Pointer(from), unsafe.Sizeof(*from))
}

func (v *View) put(to frame.VAddr, from unsafe.Pointer, size uintptr) bool {
	if !onePage(to, size) {
		_, ok := v.Write(to, unsafe.Slice((*byte)(from), size))
		return ok
	}
	found, _, ok := v.walk(to, true)
	if ok {
		move(at(found, to), from, size)
	}
	return ok
}

// PutUint32 is Put for a number by itself, with which lists of requests end.
func (v *View) PutUint32(to frame.VAddr, x uint32) bool {
	if !onePage(to, unsafe.Sizeof(x)) {
		return Put(v, to, &x)
	}
	found, _, ok := v.walk(to, true)
	if ok {
		*(*uint32)(at(found, to)) = x
	}
	return ok
}

// Some copies the first elements of an array from the guest: those that lie whole
// on the array's first page, and one at least. It returns how many; 0 is a fault.
func Some[T any](v *View, to []T, from frame.VAddr) int {
	return v.some(unsafe.Pointer(unsafe.SliceData(to)), uintptr(len(to)), unsafe.Sizeof(*new(T)), from)
}

func (v *View) some(to unsafe.Pointer, n, size uintptr, from frame.VAddr) int {
	if n*size == 0 {
		return 0
	}
	if !onePage(from, size) {
		if !v.get(to, size, from) {
			return 0
		}
		return 1
	}
	found, _, ok := v.walk(from, false)
	if !ok {
		return 0
	}
	if !onePage(from, n*size) {
		n = uintptr(frame.PageSize-from.Offset()) / size
	}
	move(to, at(found, from), n*size)
	return int(n)
}

// onePage tells whether so many bytes at an address lie on one page.
func onePage(a frame.VAddr, size uintptr) bool { return a.Offset()+uint64(size) <= frame.PageSize }

// at is where an address is that leads to a page.
func at(p *page, a frame.VAddr) unsafe.Pointer { return unsafe.Pointer(&p[a.Offset()]) }

// move copies bytes, a few words by themselves. Each is read once.
func move(to, from unsafe.Pointer, size uintptr) {
	const few = 64
	if size%8 != 0 || size > few {
		copy(unsafe.Slice((*byte)(to), size), unsafe.Slice((*byte)(from), size))
		return
	}
	for i := uintptr(0); i < size; i += 8 {
		*(*uint64)(unsafe.Add(to, i)) = *(*uint64)(unsafe.Add(from, i))
	}
}

// Direct is n elements of an array in the guest's memory themselves, to be written
// to before this CPU next answers flush requests. They are to be read once at the
// most: the guest may change them at any time. Nil if they do not all lie on one page that
// can be written to.
func Direct[T any](v *View, a frame.VAddr, n int) []T {
	p := v.direct(a, uintptr(n)*unsafe.Sizeof(*new(T)))
	if p == nil {
		return nil
	}
	return unsafe.Slice((*T)(p), n)
}

func (v *View) direct(a frame.VAddr, size uintptr) unsafe.Pointer {
	if !onePage(a, size) {
		return nil
	}
	found, _, ok := v.walk(a, true)
	if !ok {
		return nil
	}
	return at(found, a)
}

// OnPage is how many elements of an array that begins at an address lie whole on the
// address's page.
func OnPage[T any](a frame.VAddr) int {
	return int((frame.PageSize - a.Offset()) / uint64(unsafe.Sizeof(*new(T))))
}

// DirectFrame is Direct for eight words of a stack.
func (v *View) DirectFrame(a frame.VAddr) *[8]uint64 {
	if !onePage(a, 64) {
		return nil
	}
	p := v.cache.stackAt(a)
	if v.cache.knows(p, a, true) {
		return (*[8]uint64)(at(p.page, a))
	}
	found, _, ok := v.descend(p, a, true)
	if !ok {
		return nil
	}
	return (*[8]uint64)(at(found, a))
}

// GetUint16 is Get for a number by itself.
func (v *View) GetUint16(a frame.VAddr) (x uint16, ok bool) {
	if !onePage(a, unsafe.Sizeof(x)) {
		ok = Get(v, &x, a)
		return x, ok
	}
	found, _, ok := v.walk(a, false)
	if ok {
		x = *(*uint16)(at(found, a))
	}
	return x, ok
}

// GetUint32 is Get for a number by itself.
func (v *View) GetUint32(a frame.VAddr) (x uint32, ok bool) {
	if !onePage(a, unsafe.Sizeof(x)) {
		ok = Get(v, &x, a)
		return x, ok
	}
	found, _, ok := v.walk(a, false)
	if ok {
		x = *(*uint32)(at(found, a))
	}
	return x, ok
}

// Peek is eight bytes at any address. False too where they are on two pages.
func (v *View) Peek(a frame.VAddr) (x uint64, ok bool) {
	if !onePage(a, unsafe.Sizeof(x)) {
		return 0, false
	}
	found, _, ok := v.walk(a, false)
	if ok {
		x = *(*uint64)(at(found, a))
	}
	return x, ok
}

// PeekCode is Peek for code.
func (v *View) PeekCode(a frame.VAddr) (x uint64, ok bool) {
	if !onePage(a, unsafe.Sizeof(x)) {
		return 0, false
	}
	p := v.cache.codeAt(a)
	if v.cache.knows(p, a, false) {
		return *(*uint64)(at(p.page, a)), true
	}
	found, _, ok := v.descend(p, a, false)
	if ok {
		x = *(*uint64)(at(found, a))
	}
	return x, ok
}

// Iret is the frame of iret: a hypercall.IretContext, of which each word can be read by itself.
type Iret [unsafe.Sizeof(hypercall.IretContext{}) / 8]atomic.Uint64

// IretFrame is the frame of iret itself, on a stack, good until this CPU next answers flush requests. Nil if it
// does not lie on one page that can be read.
func (v *View) IretFrame(a frame.VAddr) *Iret {
	if !onePage(a, unsafe.Sizeof(Iret{})) {
		return nil
	}
	p := v.cache.stackAt(a)
	if v.cache.knows(p, a, false) {
		return (*Iret)(at(p.page, a))
	}
	found, _, ok := v.descend(p, a, false)
	if !ok {
		return nil
	}
	return (*Iret)(at(found, a))
}

// GetIret is Get for one.
func (v *View) GetIret(to *Iret, from frame.VAddr) bool { return Get(v, to, from) }

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
