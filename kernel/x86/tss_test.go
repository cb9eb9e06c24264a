package x86

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
)

// TestTSS looks at the bytes: APM vol. 2, "64-Bit Task State Segment".
func TestTSS(t *testing.T) {
	var s TSS
	s.SetIST(1, 0xffff_c000_0001_0000)
	s.SetIST(7, 0xffff_c000_0008_0000)
	s.NoIOBitmap()
	b := (*[unsafe.Sizeof(s)]byte)(unsafe.Pointer(&s))
	assert.Equal(t, []byte{0, 0, 1, 0, 0, 0xc0, 0xff, 0xff}, b[36:44])
	assert.Equal(t, []byte{0, 0, 8, 0, 0, 0xc0, 0xff, 0xff}, b[84:92])
	assert.Equal(t, make([]byte, 36), b[:36], "stacks of other privilege levels are not used")
	assert.Equal(t, []byte{104, 0}, b[102:104], "past the end")
}

// testRegister is not on the stack, which may move.
var testRegister TableRegister

func TestTableRegister(t *testing.T) {
	r := &testRegister
	p := unsafe.Pointer(r)
	r.Set(p, 40)
	assert.EqualValues(t, 6, unsafe.Offsetof(r.limit), "the limit lies right before the base")
	assert.EqualValues(t, 8, unsafe.Offsetof(r.base))
	assert.EqualValues(t, 39, r.limit)
	assert.EqualValues(t, uintptr(p), r.base)
}

func TestErrorCodes(t *testing.T) {
	with := map[Vector]bool{8: true, 10: true, 11: true, 12: true, 13: true, 14: true, 17: true, 21: true, 29: true, 30: true}
	for v := range 256 {
		assert.Equal(t, with[Vector(v)], Vector(v).HasErrorCode(), v)
		assert.NotEmpty(t, Vector(v).String())
	}
}
