package pv

import (
	"unsafe"

	"tuco/kernel/text"
)

// The runtime's functions for errors jump to these: redirects.txt says which to which.

func boundsError(pc uintptr, _ *[16]int64) { panicked("index out of range", uint64(pc)) }

func checkError(pc uintptr, what string) { panicked(what, uint64(pc)) }

func textError(what string) { panicked(what, 0) }

func explicitPanic(v any) {
	if s, ok := v.(string); ok {
		panicked(s, 0)
	}
	panicked("panic with a value that is no string", 0)
}

func heapUse(_ uintptr, _ unsafe.Pointer, _ bool) unsafe.Pointer {
	panicked("something asked for memory from the heap, and there is none", 0)
	return nil
}

// stackOverflow takes a prologue's failed check: it traps, as there is no stack to go on with.
func stackOverflow()

func panicked(what string, pc uint64) {
	var l text.Line
	l.Str(what)
	if pc != 0 {
		l.Template(" at rip %x", pc)
	}
	fatal(&l)
}

// linked keeps the functions that only redirects lead to.
//
//lint:ignore U1000 entry refers to it
var linked = struct {
	bounds func(uintptr, *[16]int64)
	check  func(uintptr, string)
	text   func(string)
	panic  func(any)
	heap   func(uintptr, unsafe.Pointer, bool) unsafe.Pointer
	stack  func()
}{boundsError, checkError, textError, explicitPanic, heapUse, stackOverflow}
