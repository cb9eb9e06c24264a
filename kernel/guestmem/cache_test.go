package guestmem

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/frame"
	"tuco/kernel/lock"
)

func TestCacheKnowsWhatItWasTold(t *testing.T) {
	const at = frame.VAddr(0x7000)
	v, found := view(), frames.Page(pages[0])
	c := &v.cache
	known := func(a frame.VAddr, write bool) bool {
		p := c.dataAt(a)
		return c.knows(p, a, write) && p.page == found
	}
	assert.False(t, known(0, false), "the first page is not known from the start")

	c.keep(c.dataAt(at), at+8, false, found)
	assert.True(t, known(at, false))
	assert.True(t, known(at+frame.PageSize-1, false))
	assert.False(t, known(at, true), "it was read only")
	assert.False(t, known(at+frame.PageSize, false))
	assert.False(t, known(at+dataPages*frame.PageSize, false), "another page in the same place")

	c.keep(c.dataAt(at), at, true, found)
	assert.True(t, known(at, true))
	assert.True(t, known(at, false))
	v.ForgetPage(at + dataPages*frame.PageSize)
	assert.True(t, known(at, true), "another page was forgotten")
	v.ForgetPage(at + 16)
	assert.False(t, known(at, true))
	assert.False(t, known(at, false))
}

// Code and stacks have places of their own, which are forgotten like the others.
func TestPagesOfEachKind(t *testing.T) {
	v := view()
	const at = base + 3*frame.PageSize
	frames.Table(pages[3])[0].Store(0x1234)
	assert.NotNil(t, v.DirectFrame(at), "and the entry says that the page is written to")
	v.Forget()
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
		v.ForgetPage(at + 8)
		assert.False(t, use(), name)
		entry.Store(was)
	}
}

// Whatever became of the CPUs' counts of flushes: what was known is so no more.
func TestFlushesEmptyTheCache(t *testing.T) {
	const at = frame.VAddr(0x7000)
	var here, there lock.Holder
	here.Flushes = 100
	for name, flush := range map[string]func(*View){
		"forgotten":                       func(v *View) { v.Forget() },
		"flushed":                         func(*View) { here.Flushes++ },
		"another CPU":                     func(v *View) { v.Begin(new(lock.Holder)) },
		"another CPU that has flushed":    func(v *View) { v.Begin(&lock.Holder{Flushes: 101}) },
		"another CPU as often flushed":    func(v *View) { v.Begin(&lock.Holder{Flushes: 100}) },
		"the same CPU":                    func(v *View) { v.Begin(&here) },
		"another CPU, and back":           func(v *View) { v.Begin(&there); v.Begin(&here) },
		"another CPU's flushes, and back": func(v *View) { v.Begin(&there); there.Flushes += 7; v.Begin(&here) },
	} {
		v := viewOf(&root)
		v.Begin(&here)
		c := &v.cache
		p := c.dataAt(at)
		c.keep(p, at, true, frames.Page(pages[0]))
		assert.True(t, c.knows(p, at, true), name)
		flush(v)
		assert.False(t, c.knows(p, at, true), name)
	}
}

// A page is found where it was until its translation is flushed, as by a processor.
func TestWalksUseTheCache(t *testing.T) {
	v := view()
	entry := &frames.Table(tables[0])[0]
	was := entry.Load()
	defer entry.Store(was)

	found, _, ok := v.walk(base, true) // which notes in the entry that it is written to
	assert.True(t, ok)
	assert.Same(t, frames.Page(pages[0]), found)
	_, _, ok = v.walk(base, true)
	assert.True(t, ok)
	entry.Store(0)
	found, _, ok = v.walk(base+8, false)
	assert.True(t, ok)
	assert.Same(t, frames.Page(pages[0]), found)
	v.ForgetPage(base)
	_, f, ok := v.walk(base+8, false)
	assert.False(t, ok)
	assert.Equal(t, base+8, f.Address)
	_, _, ok = v.walk(base+frame.PageSize, true)
	assert.False(t, ok, "nothing is kept of a page that can't be reached")
}

// As after a load of CR3, the pages are those of the other tables.
func TestAnotherRoot(t *testing.T) {
	mine := root
	v := viewOf(&mine)
	_, _, ok := v.walk(base, false)
	assert.True(t, ok)
	mine = frame.NoMFN
	v.Forget()
	_, _, ok = v.walk(base, false)
	assert.False(t, ok)
}
