package volume

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReplayWhereTheLogNamesAllSpace has a log that names every free extent, each of which was given up again: there is room all the same for
// the maps that change when the store opens after a power cut.
func TestReplayWhereTheLogNamesAllSpace(t *testing.T) {
	s, d := newStore(t, 4<<20)
	var volumes []*Volume
	for i := range 40 { // more leaves of maps than one extent has room for
		volumes = append(volumes, newVolume(t, s, fmt.Sprint("v", i), ExtentSize))
	}
	generation := s.super.generation
	named := map[extent]bool{}
	for range 3 {
		for _, v := range volumes[:30] {
			write(t, v, noise(1, ExtentSize), 0)
		}
		for _, u := range s.updates {
			named[u.to] = true
		}
		require.NoError(t, volumes[0].Flush())
		for _, v := range volumes[:30] {
			require.NoError(t, v.Discard(0, ExtentSize))
		}
		require.NoError(t, volumes[0].Flush())
	}
	require.Len(t, named, int(s.counts.free))
	require.Equal(t, generation, s.super.generation, "a checkpoint has come between: the log begins anew with it")
	s = reopen(t, d.cut(rand.New(rand.NewSource(1))))
	require.NoError(t, s.Check())
	for _, v := range volumes {
		require.Equal(t, make([]byte, ExtentSize), read(t, openVolume(t, s, v.Name()), 0, ExtentSize))
	}
}
