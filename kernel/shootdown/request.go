package shootdown

import "tuco/kernel/frame"

// Request says which translations to drop. In one word, so that it is read whole.
type Request uint64

// Requests that concern guests. Nothing drops nothing: the answer says that the
// CPU has left its guest since it was asked. Guests drops all translations of all
// guests. (Neither is a range: a range leaves the upper bits clear.)
const (
	Nothing Request = ^Request(1)
	Guests  Request = ^Request(2)
)

// All drops every translation, global ones and those of every tag included.
const All Request = ^Request(0)

// countBits is the width of a request's number of pages; the page number takes
// the 36 bits above it.
const (
	countBits = 16
	pageBits  = 48 - frame.PageShift
)

// Page is a request for the page that holds the address.
func Page(v frame.VAddr) Request { return Range(v, 1) }

// Range is a request for pages from the one that holds v on. A range that is
// empty, too long, or does not stay canonical becomes All.
func Range(v frame.VAddr, pages uint64) Request {
	const limit = 1<<countBits - 1
	if pages == 0 || pages >= limit {
		return All
	}
	last := v.Down() + frame.VAddr(pages-1)<<frame.PageShift
	if !v.Canonical() || !last.Canonical() || last < v.Down() {
		return All
	}
	number := uint64(v) >> frame.PageShift & (1<<pageBits - 1)
	return Request(number<<countBits | pages)
}

// Pages returns the range; only for a request that is not All.
func (r Request) Pages() (first frame.VAddr, pages uint64) {
	number := uint64(r) >> countBits << frame.PageShift
	return frame.VAddr(int64(number<<16) >> 16), uint64(r) & (1<<countBits - 1)
}
