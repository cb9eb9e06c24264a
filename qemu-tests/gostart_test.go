//go:build boot

package qemutests

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// What an ordinary Go program may take from the domain's entry to main, in instructions, and how many updates of page tables
// each hypercall has to carry on the way.
const (
	maxStart      = 500_000
	maxStartOnXen = 600_000 // where the same hypercalls take longer
	minBatch      = 6
)

// goStart is what guests/hello says of its start: instructions, where the TSC counts them, and updates a hypercall.
func goStart(t *testing.T, outcome *host.Outcome) (ticks int, batch float64) {
	t.Helper()
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	line := regexp.MustCompile(`main after (\d+) ticks, (\d+) page-table updates in (\d+) hypercalls`).FindStringSubmatch(outcome.Console)
	require.NotNil(t, line, "%s", outcome.Console)
	t.Log(line[0])
	var numbers [3]int
	for i, text := range line[1:] {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		require.Positive(t, n)
		numbers[i] = n
	}
	return numbers[0], float64(numbers[1]) / float64(numbers[2])
}

func TestGoProgramStart(t *testing.T) {
	t.Parallel()
	for name, memory := range map[string]host.Size{"64M": 64 * host.MiB, "all": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := goProgram(host.Spec{ICount: true}, "hello", "")
			spec.Dom0.Memory = memory
			ticks, batch := goStart(t, boot(t, spec))
			require.LessOrEqual(t, ticks, maxStart)
			require.GreaterOrEqual(t, batch, float64(minBatch))
		})
	}
}
