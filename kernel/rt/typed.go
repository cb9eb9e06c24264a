package rt

import "unsafe"

// typedmemmove copies one value; the kernel has no collector to tell.
func typedmemmove(typ *uintptr, to, from unsafe.Pointer) {
	size := *typ // the first word of a type descriptor
	copy(unsafe.Slice((*byte)(to), size), unsafe.Slice((*byte)(from), size))
}

// typedslicecopy is copy() of slices whose elements hold pointers.
func typedslicecopy(typ *uintptr, to unsafe.Pointer, toLen int, from unsafe.Pointer, fromLen int) int {
	n := min(toLen, fromLen)
	size := *typ * uintptr(n)
	copy(unsafe.Slice((*byte)(to), size), unsafe.Slice((*byte)(from), size))
	return n
}
