package guestmem

import (
	"tuco/kernel/frame"
	"tuco/kernel/lock"
)

// cache is the pages that walks of a view have found, for walks to come. It is to
// them what its TLB is to the processor, and as right: see doc.go.
type cache struct {
	holder *lock.Holder // of the CPU that the vCPU is on
	// forgotten counts the times that all was. With the holder's Flushes it makes the
	// time that a page is good for.
	forgotten uint64
	latest    uint64 // time of a page that is kept

	// A page has one place in each, by its number. Code and stacks have their own: they are looked at
	// again and again, and data that is far away from them may have the same place.
	data  [dataPages]cachedPage
	code  [codePages]cachedPage
	stack [stackPages]cachedPage
}

// How many pages are kept of each: powers of two.
const (
	dataPages  = 32
	codePages  = 4
	stackPages = 8
)

type cachedPage struct {
	tags [2]frame.VAddr // of the page as one that can be read, and written to; or 0
	time uint64
	page *page
}

// page is what is in a frame.
type page = [frame.PageSize]byte

// tag is a page's address and something more, so that no page's is 0.
func tag(a frame.VAddr) frame.VAddr { return a | (frame.PageSize - 1) }

// Begin is for a vCPU that comes to a CPU: nothing from before is known any more.
func (v *View) Begin(h *lock.Holder) {
	c := &v.cache
	c.holder = h
	c.forgotten = c.latest + 1 - h.Flushes
}

// Forget forgets all pages: the vCPU's translations are flushed, or have become those of another root.
func (v *View) Forget() { v.cache.forgotten++ }

// ForgetPage forgets one, whose translations are flushed.
func (v *View) ForgetPage(a frame.VAddr) {
	c := &v.cache
	c.dataAt(a).forget(a)
	c.codeAt(a).forget(a)
	c.stackAt(a).forget(a)
}

func (p *cachedPage) forget(a frame.VAddr) {
	if p.tags[0] == tag(a) {
		p.tags = [2]frame.VAddr{}
	}
}

func (c *cache) dataAt(a frame.VAddr) *cachedPage {
	return &c.data[a>>frame.PageShift&(dataPages-1)]
}

func (c *cache) codeAt(a frame.VAddr) *cachedPage {
	return &c.code[a>>frame.PageShift&(codePages-1)]
}

func (c *cache) stackAt(a frame.VAddr) *cachedPage {
	return &c.stack[a>>frame.PageShift&(stackPages-1)]
}

func (c *cache) now() uint64 { return c.holder.Flushes + c.forgotten }

// knows tells whether a page's place holds it.
func (c *cache) knows(p *cachedPage, a frame.VAddr, write bool) bool {
	n := 0
	if write {
		n = 1
	}
	return p.tags[n] == tag(a) && p.time == c.now()
}

// keep notes what a walk has found, in the page's place.
func (c *cache) keep(p *cachedPage, a frame.VAddr, write bool, found *page) {
	p.tags[0], p.tags[1] = tag(a), 0
	if write {
		p.tags[1] = tag(a)
	}
	c.latest = c.now()
	p.time, p.page = c.latest, found
}
