package bench

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseControl(t *testing.T) {
	const (
		made   = "level=INFO msg=\"guest created\" guest=answer domain=1 took=10ms spent=9ms\nlevel=INFO msg=\"guest created\" guest=bench domain=2 took=18.1ms spent=17.5ms\n"
		pauses = "level=INFO msg=\"garbage collector\" collections=3 longest_stop=41.5µs longest_wait=1.2ms\n"
	)
	table, err := ParseControl("bench", made+"bench: done\n"+pauses+"control: all guests have ended\n")
	require.NoError(t, err)
	assert.Equal(t, Table{{Op: longestStop, Div: 1, Ticks: 41_500}, {Op: longestWait, Div: 1, Ticks: 1_200_000}, {Op: guestMade, Div: 1, Ticks: 17_500_000}}, table)
	for _, console := range []string{
		"", made, pauses, made + made + pauses, made + "bench: " + pauses, "bench: " + made + pauses[:0],
		made + `level=INFO msg="garbage collector" collections=3 longest_stop=long longest_wait=1s`,
	} {
		_, err := ParseControl("bench", console)
		assert.ErrorIs(t, err, ErrTable, console)
	}
}
