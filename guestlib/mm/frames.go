package mm

import (
	"math/bits"

	"tuco/guestlib/hypercalls"
)

// PageSize is the size of a page, and of a page table.
const PageSize = 4096

// pfn is the number of a page in the domain's pseudo-physical memory.
type pfn uint64

// frames is which of the domain's pages are taken: a bit each, at an address in the direct map.
type frames struct {
	bitmap uint64
	count  uint64 // pages of the domain
	top    uint64 // no word of the bitmap from here on has a clear bit
	free   uint64
}

func (f *frames) word(i uint64) *uint64 { return hypercalls.At[uint64](f.bitmap + 8*i) }

// init begins with all pages free but those below first, and those of the last word that do not exist.
func (f *frames) init(bitmap, count, first uint64) {
	f.bitmap, f.count, f.top, f.free = bitmap, count, (count+63)/64, count-first
	f.clear()
	for i := range first / 64 {
		*f.word(i) = ^uint64(0)
	}
	if first%64 != 0 {
		*f.word(first / 64) |= 1<<(first%64) - 1
	}
	if count%64 != 0 {
		*f.word(count / 64) |= ^uint64(0) << (count % 64)
	}
}

// clear makes all of the bitmap zero: by pages, as there may be many.
func (f *frames) clear() {
	const words = PageSize / 8
	i := uint64(0)
	for ; i+words <= f.top; i += words {
		zero(f.bitmap + 8*i)
	}
	for ; i < f.top; i++ {
		*f.word(i) = 0
	}
}

// take takes the highest free page.
func (f *frames) take() (pfn, bool) {
	for i := f.top; i > 0; i-- {
		if w := f.word(i - 1); *w != ^uint64(0) {
			bit := uint64(63 - bits.LeadingZeros64(^*w))
			*w |= 1 << bit
			f.top = i
			f.free--
			return pfn(64*(i-1) + bit), true
		}
	}
	f.top = 0
	return 0, false
}

// takeThis takes a page if it is free.
func (f *frames) takeThis(p pfn) bool {
	if uint64(p) >= f.count || *f.word(uint64(p) / 64)>>(p%64)&1 != 0 {
		return false
	}
	*f.word(uint64(p) / 64) |= 1 << (p % 64)
	f.free--
	return true
}

// give gives a page back.
func (f *frames) give(p pfn) {
	i := uint64(p) / 64
	*f.word(i) &^= 1 << (p % 64)
	f.top = max(f.top, i+1)
	f.free++
}

// UseWideRegisters says that YMM registers may be used.
func UseWideRegisters(may bool) { wide = may }

var wide bool

// zero clears a page.
func zero(page uint64) {
	if wide {
		zeroWide(page)
	} else {
		zeroNarrow(page)
	}
}

func zeroWide(page uint64)
func zeroNarrow(page uint64)
