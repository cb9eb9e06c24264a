package netback

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/backend"
	"tuco/control/packet"
	"tuco/ring/netif"
)

// TestPlace: a short frame lies in one page, and of a long one no part but the first begins in the middle of one.
func TestPlace(t *testing.T) {
	for range 10000 {
		used, size := rand.IntN(bufferSize-packet.MaxFrame-backend.PageSize), 1+rand.IntN(packet.MaxFrame)
		p := &netif.Packet{Size: size, Fragments: []netif.Fragment{{Size: min(size, 1+rand.IntN(backend.PageSize))}}}
		at := place(used, p)
		require.GreaterOrEqual(t, at, used)
		require.Less(t, at, used+backend.PageSize)
		require.LessOrEqual(t, at+size, bufferSize)
		if size <= backend.PageSize {
			require.Equal(t, at/backend.PageSize, (at+size-1)/backend.PageSize)
		} else {
			require.Zero(t, (at+p.Fragments[0].Size)%backend.PageSize)
		}
	}
}

// TestFirstPart: the parts of a long frame end where pages end, and fit into pages; its headers are in the first of them.
func TestFirstPart(t *testing.T) {
	memory := make([]byte, packet.MaxFrame+1+backend.PageSize) // begins at a page
	for at := range backend.PageSize {
		want := backend.PageSize - at
		if want < 14+60+60 {
			want = backend.PageSize
		}
		assert.Equal(t, want, firstPart(memory[at:][:packet.MaxFrame]))
		assert.Equal(t, backend.PageSize, firstPart(memory[at:][:backend.PageSize]))
	}
}
