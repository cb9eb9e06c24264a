package mm

import "tuco/guestlib/console"

// Go asks for memory some time before it touches it, and can only report that there is none when it asks. So memory is
// refused that could not be had at the time. What was promised is not put aside: two areas that are as large as
// what is free can both be had, and who touches the second ends the domain. Go's heap asks for a few MiB at a time, when it has
// used up those before, so that a program whose heap outgrows the domain is told so by the runtime.

// spared is how many pages are not promised: a program that ends for want of memory needs some for its report, and page tables
// come on top.
const spared = 64

// Affordable tells whether so much memory could be had now.
func Affordable(size uint64) bool {
	lock.Lock()
	ok := affordable((size + PageSize - 1) / PageSize)
	lock.Unlock()
	return ok
}

func affordable(n uint64) bool {
	const entries = tableSpan / PageSize
	return n <= pages.count && n+n/entries+spared <= Free()
}

// Exhausted ends a program that touches memory for which there is none.
func Exhausted(va uint64) {
	var l console.Line
	l.Str("guest: out of memory: no page is left for address ").Hex(va).Str(", of the domain's ").Dec(pages.count).Str(" (").
		Dec(pages.count / (1 << 20 / PageSize)).Str(" MiB)").End()
	console.Fatal("exit status 2")
}
