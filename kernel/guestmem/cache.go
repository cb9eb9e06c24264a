package guestmem

import (
	"tuco/kernel/frame"
	"tuco/kernel/lock"
)

// Cache is the pages that walks of a vCPU's have found, for walks to come. It is to
// them what its TLB is to the processor, and as right: see doc.go. The zero value is
// empty.
type Cache struct {
	holder *lock.Holder // of the CPU that the vCPU is on
	// forgotten counts the times that all was. With the holder's Flushes it makes the
	// time that a page is good for.
	forgotten uint64
	pages     [cachedPages]cachedPage
}

// cachedPages is a power of two: each page has its place, by its number.
const cachedPages = 32

type cachedPage struct {
	tags [2]frame.VAddr // of the page as one that can be read, and written to; or 0
	root frame.MFN
	time uint64
	m    frame.MFN
}

// tag is a page's address and something more, so that no page's is 0.
func tag(a frame.VAddr) frame.VAddr { return a | (frame.PageSize - 1) }

// Begin is for a vCPU that comes to a CPU.
func (c *Cache) Begin(h *lock.Holder) { *c = Cache{holder: h} }

// Forget forgets all pages: the vCPU's translations are flushed.
func (c *Cache) Forget() { c.forgotten++ }

// ForgetPage forgets one, whose translations are flushed.
func (c *Cache) ForgetPage(a frame.VAddr) {
	if p := c.place(a); p.tags[0] == tag(a) {
		p.tags = [2]frame.VAddr{}
	}
}

func (c *Cache) place(a frame.VAddr) *cachedPage {
	return &c.pages[a>>frame.PageShift&(cachedPages-1)]
}

func (c *Cache) now() uint64 { return c.holder.Flushes + c.forgotten }

// find is the page that holds an address; false if it isn't known.
func (c *Cache) find(root frame.MFN, a frame.VAddr, write bool) (frame.MFN, bool) {
	p, n := c.place(a), 0
	if write {
		n = 1
	}
	return p.m, p.tags[n] == tag(a) && p.root == root && p.time == c.now()
}

// keep notes what a walk has found.
func (c *Cache) keep(root frame.MFN, a frame.VAddr, write bool, m frame.MFN) {
	p := c.place(a)
	p.tags[0], p.tags[1] = tag(a), 0
	if write {
		p.tags[1] = tag(a)
	}
	p.root, p.time, p.m = root, c.now(), m
}
