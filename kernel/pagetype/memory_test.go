package pagetype

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// From wherever one looks, skip stops at the next entry that is not zero. An entry that another CPU clears meanwhile may be
// returned: who asks looks again.
func TestSkip(t *testing.T) {
	var table Table
	require.Equal(t, Entries, table.skip(0))
	require.Equal(t, Entries, table.skip(Entries))
	for _, at := range []int{0, 1, 7, 8, 100, 503, 504, 511} {
		table[at].Store(1)
	}
	for from := range Entries {
		want := from
		for want < Entries && table[want].Load() == 0 {
			want++
		}
		require.Equal(t, want, table.skip(from), "from %d", from)
	}
}

// Down from wherever one looks, skipDown stops below the next entry that is not zero.
func TestSkipDown(t *testing.T) {
	var table Table
	require.Zero(t, table.skipDown(0))
	require.Zero(t, table.skipDown(Entries))
	for _, at := range []int{1, 7, 8, 100, 503, 504, 511} {
		table[at].Store(1)
	}
	for from := range Entries + 1 {
		want := from
		for want > 0 && table[want-1].Load() == 0 {
			want--
		}
		require.Equal(t, want, table.skipDown(from), "from %d", from)
	}
}
