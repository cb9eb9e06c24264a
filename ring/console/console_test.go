package console_test

import (
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall/cabi"
	"tuco/ring"
	"tuco/ring/console"
)

func TestLayout(t *testing.T) {
	cabi.Struct(t, []string{"io/console.h"}, console.Page{}, "struct xencons_interface", "in", "out", "in_cons", "in_prod", "out_cons", "out_prod")
}

func TestBothWays(t *testing.T) {
	var page console.Page
	out, in := page.Guest()
	seen, typed := page.Daemon()
	for range 300 { // several times around
		n, err := out.Put([]byte("a line of text\n"))
		require.NoError(t, err)
		require.Equal(t, 15, n)
		got := make([]byte, 100)
		n, err = seen.Take(got)
		require.NoError(t, err)
		require.Equal(t, "a line of text\n", string(got[:n]))

		_, err = typed.Put([]byte("ls\n"))
		require.NoError(t, err)
		n, err = in.Take(got)
		require.NoError(t, err)
		require.Equal(t, "ls\n", string(got[:n]))
	}
}

// FuzzHostile: whatever the page holds, either side gets no more than a ring has, or ErrIndex.
func FuzzHostile(f *testing.F) {
	f.Add(make([]byte, 3088))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		var page console.Page
		indices := unsafe.Slice((*byte)(unsafe.Pointer(&page.InCons)), 16)
		seen, typed := page.Daemon()
		out, in := page.Guest()
		buffer := make([]byte, 5000)
		for {
			n := copy(indices, data)
			for _, c := range []struct {
				call func([]byte) (int, error)
				most int
			}{{seen.Take, 2048}, {typed.Put, 1024}, {out.Put, 2048}, {in.Take, 1024}} {
				n, err := c.call(buffer)
				require.LessOrEqual(t, n, c.most)
				if err != nil {
					require.ErrorIs(t, err, ring.ErrIndex)
				}
			}
			if data = data[n:]; len(data) == 0 {
				return
			}
		}
	})
}

// TestIndexMoves: the peer's index jumps about while the other side reads.
func TestIndexMoves(t *testing.T) {
	var page console.Page
	out, _ := page.Daemon()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range uint32(50_000) {
			atomic.StoreUint32(&page.OutProd, i*2654435761)
		}
	}()
	buffer := make([]byte, 4096)
	var err error
	for running := true; running && err == nil; {
		var n int
		n, err = out.Take(buffer)
		assert.LessOrEqual(t, n, len(page.Out))
		select {
		case <-done:
			running = false
		default:
		}
	}
	<-done
	atomic.StoreUint32(&page.OutProd, atomic.LoadUint32(&page.OutCons)+2049)
	_, err = out.Take(buffer)
	require.ErrorIs(t, err, ring.ErrIndex)
}
