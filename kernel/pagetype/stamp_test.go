package pagetype

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/pmm"
)

// A stamp is half a clock. Whatever the distance, what is read is never
// older than what was written.
func TestStampNeverLooksOlder(t *testing.T) {
	for _, written := range []uint64{1, 77, 1<<32 - 1, 1 << 32, 1<<33 + 5} {
		for _, later := range []uint64{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 1, 5 << 32} {
			var f Frames
			var i pmm.Info
			f.clock.Store(written)
			f.stamp(&i)
			f.clock.Store(written + later)
			left := f.left(&i)
			assert.GreaterOrEqual(t, left, written)
			assert.LessOrEqual(t, left, written+later)
			if later < 1<<32 {
				assert.Equal(t, written, left)
			}
		}
	}
}

func TestCountsDoNotWrap(t *testing.T) {
	var f Frames
	var s Space
	var w Work
	s.Init(3, 1)
	w.Init(&f, &s, 3, 100)
	var i pmm.Info
	i.Ref.Store(3<<ownerShift | allocated | maxCount - 1)
	assert.Equal(t, OK, get(&i, 3))
	assert.Equal(t, Overflow, get(&i, 3))
	assert.Equal(t, NotOwner, get(&i, 4))
	i.Type.Store(uint64(Writable.word() | maxCount - 1))
	assert.Equal(t, OK, w.getWritable(&i, 3))
	assert.Equal(t, Overflow, w.getWritable(&i, 3))
	i.Type.Store(uint64(L2.word() | validated | maxCount - 1))
	assert.Equal(t, OK, w.enterType(&i, L2))
	assert.Equal(t, Overflow, w.enterType(&i, L2))
	assert.Equal(t, WrongType, w.getWritable(&i, 3))
}
