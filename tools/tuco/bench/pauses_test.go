package bench

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParsePauses(t *testing.T) {
	table, err := ParsePauses("bench: done\nlevel=INFO msg=\"garbage collector\" collections=3 longest_stop=41.5µs longest_wait=1.2ms\ncontrol: all guests have ended\n")
	require.NoError(t, err)
	assert.Equal(t, Table{{Op: longestStop, Div: 1, Ticks: 41_500}, {Op: longestWait, Div: 1, Ticks: 1_200_000}}, table)
	for _, console := range []string{
		"", `bench: level=INFO msg="garbage collector" collections=3 longest_stop=1s longest_wait=1s`,
		`level=INFO msg="garbage collector" collections=3 longest_stop=long longest_wait=1s`,
	} {
		_, err := ParsePauses(console)
		assert.ErrorIs(t, err, ErrTable, console)
	}
}
