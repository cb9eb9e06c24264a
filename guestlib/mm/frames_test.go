package mm

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/hypercalls"
)

func newFrames(count, first uint64) *frames {
	words := make([]uint64, (count+63)/64)
	f := new(frames)
	f.init(hypercalls.Address(&words[0]), count, first)
	underTest = words
	return f
}

// underTest keeps the words of the frames under test, which only a number refers to.
var underTest []uint64

func TestFramesGoFromTheTopDown(t *testing.T) {
	const count, first = 200, 70
	f := newFrames(count, first)
	for want := pfn(count - 1); want >= first; want-- {
		p, ok := f.take()
		require.True(t, ok)
		require.Equal(t, want, p)
	}
	_, ok := f.take()
	require.False(t, ok)
	require.Zero(t, f.free)
}

func TestFramesComeBack(t *testing.T) {
	f := newFrames(129, 1)
	for {
		if _, ok := f.take(); !ok {
			break
		}
	}
	for _, p := range []pfn{5, 128, 64} {
		f.give(p)
	}
	require.Equal(t, uint64(3), f.free)
	for _, want := range []pfn{128, 64, 5} {
		p, ok := f.take()
		require.True(t, ok)
		require.Equal(t, want, p)
	}
}

func TestTakeThis(t *testing.T) {
	f := newFrames(100, 10)
	require.False(t, f.takeThis(9), "the builder's")
	require.False(t, f.takeThis(100), "beyond the end")
	require.True(t, f.takeThis(10))
	require.False(t, f.takeThis(10))
	require.Equal(t, uint64(89), f.free)
}

func TestFramesBeginFreeWhateverWasThere(t *testing.T) {
	const count = 2*8*PageSize + 3*64
	words := make([]uint64, count/64+1)
	for i := range words {
		words[i] = 0x5a5a_5a5a_5a5a_5a5a
	}
	f := new(frames)
	f.init(hypercalls.Address(&words[0]), count, 0)
	for i, w := range words[:count/64] {
		require.Zero(t, w, "word %d", i)
	}
	require.Equal(t, uint64(0x5a5a_5a5a_5a5a_5a5a), words[count/64], "what is behind")
}
