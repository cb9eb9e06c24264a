package guestmem

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/frame"
	"tuco/kernel/lock"
)

func TestCacheKnowsWhatItWasTold(t *testing.T) {
	const root, other, at = frame.MFN(3), frame.MFN(4), frame.VAddr(0x7000)
	var h lock.Holder
	var c Cache
	c.Begin(&h)
	known := func(root frame.MFN, a frame.VAddr, write bool) bool {
		p := c.dataAt(a)
		return c.knows(p, root, a, write) && p.m == 9
	}
	assert.False(t, known(root, 0, false), "the first page is not known from the start")

	c.keep(c.dataAt(at), root, at+8, false, 9)
	assert.True(t, known(root, at, false))
	assert.True(t, known(root, at+frame.PageSize-1, false))
	assert.False(t, known(root, at, true), "it was read only")
	assert.False(t, known(other, at, false), "other tables")
	assert.False(t, known(root, at+frame.PageSize, false))
	assert.False(t, known(root, at+dataPages*frame.PageSize, false), "another page in the same place")

	c.keep(c.dataAt(at), root, at, true, 9)
	assert.True(t, known(root, at, true))
	assert.True(t, known(root, at, false))
	c.ForgetPage(at + dataPages*frame.PageSize)
	assert.True(t, known(root, at, true), "another page was forgotten")
	c.ForgetPage(at + 16)
	assert.False(t, known(root, at, true))
	assert.False(t, known(root, at, false))
}

// Code and stacks have places of their own, which are forgotten like the others.
func TestPagesOfEachKind(t *testing.T) {
	var c Cache
	c.Begin(new(lock.Holder))
	v := View{Frames: &frames, Root: &root, Cache: &c}
	const at = base + 3*frame.PageSize
	frames.Table(pages[3])[0].Store(0x1234)
	assert.NotNil(t, v.DirectFrame(at), "and the entry says that the page is written to")
	c.Forget()
	entry := &frames.Table(tables[0])[3]
	was := entry.Load()
	defer entry.Store(was)
	uses := map[string]func() bool{
		"code":  func() bool { x, ok := v.PeekCode(at); return ok && x == 0x1234 },
		"stack": func() bool { f := v.DirectFrame(at); return f != nil && f[0] == 0x1234 },
		"data":  func() bool { x, ok := v.Peek(at); return ok && x == 0x1234 },
	}
	for name, use := range uses {
		assert.True(t, use(), name)
		entry.Store(0)
		assert.True(t, use(), "%s: not flushed", name)
		for other, use := range uses {
			assert.Equal(t, other == name, use(), "%s does not use what %s has", other, name)
		}
		c.ForgetPage(at + 8)
		assert.False(t, use(), name)
		entry.Store(was)
	}
}

func TestFlushesEmptyTheCache(t *testing.T) {
	const root, at = frame.MFN(3), frame.VAddr(0x7000)
	for name, flush := range map[string]func(*Cache){
		"forgotten":    func(c *Cache) { c.Forget() },
		"flushed":      func(c *Cache) { c.holder.Flushes++ },
		"another CPU":  func(c *Cache) { c.Begin(new(lock.Holder)) },
		"the same CPU": func(c *Cache) { c.Begin(c.holder) },
	} {
		var c Cache
		c.Begin(new(lock.Holder))
		c.keep(c.dataAt(at), root, at, true, 9)
		p := c.dataAt(at)
		assert.True(t, c.knows(p, root, at, true), name)
		flush(&c)
		assert.False(t, c.knows(p, root, at, true), name)
	}
}

// A page is found where it was until its translation is flushed, as by a processor.
func TestWalksUseTheCache(t *testing.T) {
	var h lock.Holder
	var c Cache
	c.Begin(&h)
	v := View{Frames: &frames, Root: &root, Cache: &c}
	entry := &frames.Table(tables[0])[0]
	was := entry.Load()
	defer entry.Store(was)

	m, _, ok := v.walk(base, true) // which notes in the entry that it is written to
	assert.True(t, ok)
	assert.Equal(t, pages[0], m)
	_, _, ok = v.walk(base, true)
	assert.True(t, ok)
	entry.Store(0)
	m, _, ok = v.walk(base+8, false)
	assert.True(t, ok)
	assert.Equal(t, pages[0], m)
	c.ForgetPage(base)
	_, f, ok := v.walk(base+8, false)
	assert.False(t, ok)
	assert.Equal(t, base+8, f.Address)
	_, _, ok = v.walk(base+frame.PageSize, true)
	assert.False(t, ok, "nothing is kept of a page that can't be reached")
}
