package rt

import "unsafe"

// replacements names every Go function of redirects.txt.
type replacements struct {
	boundsError        func(uintptr, *[16]int64)
	checkError         func(uintptr, string)
	textError          func(string)
	explicitPanic      func(any)
	typeAssertionError func(_, _, _ unsafe.Pointer)
	nilAssertionError  func(unsafe.Pointer)
	nilReceiver        func()
	heapUse            func(uintptr, unsafe.Pointer, bool) unsafe.Pointer
	typedmemmove       func(*uintptr, unsafe.Pointer, unsafe.Pointer)
	typedslicecopy     func(*uintptr, unsafe.Pointer, int, unsafe.Pointer, int) int
}

//lint:ignore U1000 the assembly code refers to it
var linked = replacements{
	boundsError, checkError, textError, explicitPanic, typeAssertionError,
	nilAssertionError, nilReceiver, heapUse, typedmemmove, typedslicecopy,
}

// Link makes the linker keep this package's functions. The entry code refers to
// it; it does nothing.
func Link()

func stackOverflowAt() uintptr

// IsStackOverflow tells whether BugVector, found raised before pc, stands for
// a stack overflow.
func IsStackOverflow(pc uintptr) bool {
	const intSize = 2 // of the instruction INT
	return pc == stackOverflowAt()+intSize
}
