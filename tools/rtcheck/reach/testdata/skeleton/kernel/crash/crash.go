package crash

import "unsafe"

func halt()
func stack()
func move()
func clear()
func equal()

func bounds(pc uintptr, regs *[16]int64)                      { halt() }
func panicked(v any)                                          { halt() }
func thrown(s string)                                         { halt() }
func check1(pc uintptr, msg string)                           { halt() }
func dotType(have, want, iface unsafe.Pointer)                { halt() }
func nilDotType(want unsafe.Pointer)                          { halt() }
func wrap()                                                   { halt() }
func heap(n uintptr, t unsafe.Pointer, z bool) unsafe.Pointer { halt(); return nil }

// handlers keeps the linker from dropping what only a redirect refers to.
var handlers = struct {
	a func(uintptr, *[16]int64)
	b func(any)
	c func(string)
	d func(uintptr, string)
	e func(a, b, c unsafe.Pointer)
	f func(unsafe.Pointer)
	g func()
	h func(uintptr, unsafe.Pointer, bool) unsafe.Pointer
}{bounds, panicked, thrown, check1, dotType, nilDotType, wrap, heap}

func targets() uintptr

// Keep refers to all handlers.
func Keep() uintptr { return uintptr(unsafe.Pointer(&handlers)) + targets() }
