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
		m, ok := c.find(root, a, write)
		return ok && m == 9
	}
	assert.False(t, known(root, 0, false), "the first page is not known from the start")

	c.keep(root, at+8, false, 9)
	assert.True(t, known(root, at, false))
	assert.True(t, known(root, at+frame.PageSize-1, false))
	assert.False(t, known(root, at, true), "it was read only")
	assert.False(t, known(other, at, false), "other tables")
	assert.False(t, known(root, at+frame.PageSize, false))
	assert.False(t, known(root, at+cachedPages*frame.PageSize, false), "another page in the same place")

	c.keep(root, at, true, 9)
	assert.True(t, known(root, at, true))
	assert.True(t, known(root, at, false))
	c.ForgetPage(at + cachedPages*frame.PageSize)
	assert.True(t, known(root, at, true), "another page was forgotten")
	c.ForgetPage(at + 16)
	assert.False(t, known(root, at, true))
	assert.False(t, known(root, at, false))
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
		c.keep(root, at, true, 9)
		_, ok := c.find(root, at, true)
		assert.True(t, ok, name)
		flush(&c)
		_, ok = c.find(root, at, true)
		assert.False(t, ok, name)
	}
}

// A page is found where it was until its translation is flushed, as by a processor.
func TestWalksUseTheCache(t *testing.T) {
	var h lock.Holder
	var c Cache
	c.Begin(&h)
	v := View{Frames: &frames, Root: root, Cache: &c}
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
