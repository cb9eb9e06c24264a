package volume

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLog reads commits of one block and of several, up to what a power cut left of the last.
func TestLog(t *testing.T) {
	s := &superblock{store: 7, generation: 5, extents: 64, log: 1}
	d := newDisk(4 << 20)
	updates := func(n int, first uint32) []update {
		u := make([]update, n)
		for i := range u {
			u[i] = update{1, first + uint32(i), 9}
		}
		return u
	}
	put := func(blocks []byte, at int) {
		_, err := d.WriteAt(blocks, s.logSlot(at).offset())
		require.NoError(t, err)
	}
	got := func() []update {
		u, err := s.readLog(d)
		require.NoError(t, err)
		return u
	}
	require.Empty(t, got())

	one := updates(1, 0)
	blocks, j := s.encodeCommit(journal{}, one)
	put(blocks, 0)
	require.Equal(t, one, got())

	three := updates(2*updatesPerBlock+1, 100)
	blocks, end := s.encodeCommit(j, three)
	require.Len(t, blocks, 3*nodeSize)
	require.Equal(t, 4, end.next)
	put(blocks[nodeSize:], 2)
	require.Equal(t, one, got(), "its first block is missing")
	put(blocks, 1)
	require.Equal(t, append(one, three...), got())

	// Another commit in the same place, of which only the first block is there: the blocks behind it are not its own.
	other, _ := s.encodeCommit(j, updates(2*updatesPerBlock+1, 200))
	put(other[:nodeSize], 1)
	require.Equal(t, one, got())

	later := *s
	later.generation++
	u, err := later.readLog(d)
	require.NoError(t, err)
	require.Empty(t, u, "all of it is older")
}
