package mm

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Where the tables are not there, or the area has changed, nothing is mapped ahead of a fault; and the list is finite.
func TestExpectedAreas(t *testing.T) {
	empty(t)
	for i := range uint64(20) {
		_, ok := Map(at(2*i), PageSize, ReadWrite, true)
		require.True(t, ok)
	}
	require.Equal(t, len(soon.list), soon.n)
	require.True(t, Unmap(at(0), PageSize))
	fillSoon(0, 0)
	require.Zero(t, soon.n)
	_, ok := Map(at(100), soonSize+PageSize, ReadWrite, true)
	require.True(t, ok)
	require.Zero(t, soon.n, "too large")
}
