package mm

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKeptEntry(t *testing.T) {
	for _, p := range []pfn{0, 1, 0x3ffff, 1<<28 - 1} {
		e := keptEntry(p)
		require.Zero(t, e&present)
		require.NotZero(t, e&kept)
		require.Equal(t, p, entryPage(e))
		require.Greater(t, e&frameMask, uint64(1)<<50, "an address where a machine has no memory")
	}
}
