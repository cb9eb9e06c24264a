//go:build model || race

package mm

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
)

// The number that stands for "no root" is none that a guest can name.
func TestNoRootByNumber(t *testing.T) {
	w := newWorld(1)
	w.build(1)
	d := w.domains[1]
	kernel, _ := d.Roots(0)
	try := func(op func(c *Call) pagetype.Result) pagetype.Result {
		var c Call
		c.Begin(&lock.Holder{}, d, 1, 1000)
		return op(&c)
	}
	for _, m := range []frame.MFN{frame.NoMFN, 0, 1 << 40, ram + 1} {
		assert.Equal(t, pagetype.NoFrame, try(func(c *Call) pagetype.Result { return d.SetKernelRoot(c, 0, m) }), "%x", m)
		if m != 0 {
			assert.Equal(t, pagetype.NoFrame, try(func(c *Call) pagetype.Result { return d.SetUserRoot(c, 0, m) }), "%x", m)
		}
	}
	assert.Equal(t, pagetype.OK, try(func(c *Call) pagetype.Result { return d.SetUserRoot(c, 0, kernel) }))
	assert.Equal(t, pagetype.OK, try(func(c *Call) pagetype.Result { return d.SetUserRoot(c, 0, 0) }), "0 is none")
	k, u := d.Roots(0)
	assert.Equal(t, kernel, k)
	assert.Equal(t, frame.NoMFN, u)
}
