package container

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/x86"
)

// An image in FXSAVE's format is a guest's, and holds what it likes: what our own
// XRSTOR would fault for must not come through.
func TestSetFXTakesAnything(t *testing.T) {
	for _, mask := range []uint32{0, 0xffff} {
		var c Container
		c.extended.area = &x86.ExtendedState{MXCSRMask: mask}
		var image [fxSize]byte
		for i := range image {
			image[i] = 0xff
		}
		c.SetFX(&image)
		a := c.extended.area
		if mask == 0 {
			mask = 0xffbf
		}
		assert.EqualValues(t, mask, a.MXCSR)
		assert.EqualValues(t, mask, a.MXCSRMask)
		assert.EqualValues(t, 0xffff, a.FCW)
		assert.EqualValues(t, x86.XCR0X87|x86.XCR0SSE, a.InUse, "the header is ours")
		ones := [2]uint64{^uint64(0), ^uint64(0)}
		assert.Equal(t, ones, a.XMM[5])
		assert.Equal(t, [3][2]uint64{ones, ones, ones}, [3][2]uint64{c.Regs.XMM0, c.Regs.XMM14, c.Regs.XMM15})
		assert.Zero(t, a.YMMHigh)
	}
}
