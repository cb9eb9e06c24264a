//go:build boot

package qemutests

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// maxHypercall is what an empty hypercall may cost by the ordinary path, in instructions.
const maxHypercall = 150

// Under -icount the count repeats exactly, so it is a limit and not a measurement.
func TestEmptyHypercallIsCheap(t *testing.T) {
	t.Parallel()
	outcome := boot(t, host.Spec{ICount: true, Append: "selftest"})
	requireSelfTest(t, outcome)
	costs := regexp.MustCompile(emptyHypercall).FindStringSubmatch(outcome.Log)
	require.NotNil(t, costs, "no line of an empty hypercall's cost")
	t.Log(costs[0])
	for _, text := range costs[1:] {
		cost, err := strconv.Atoi(text)
		require.NoError(t, err)
		require.Positive(t, cost)
		require.LessOrEqual(t, cost, maxHypercall)
	}
}

// How long it takes from the start of QEMU to all CPUs up, and to the end of the self-test, is printed and not judged:
// it depends on this machine and what else it does.
func TestBootTimes(t *testing.T) {
	clock := newStopwatch()
	outcome := boot(t, host.Spec{CPUs: 4, Append: "selftest"}, watching(clock))
	requireSelfTest(t, outcome)
	for _, what := range []struct{ name, line string }{
		{"first line", `^tuco \d`},
		{"all 4 CPUs up", cpusUp},
		{"self-test of 4 CPUs", `^selftest: \d+ passed`},
	} {
		line, ok := clock.find(what.line)
		require.True(t, ok, "no line %q", what.line)
		t.Logf("%s after %.2f s", what.name, line.at.Seconds())
	}
}

// maxOverhead is what the hypervisor may take of 1 GiB of memory.
const maxOverhead = 16 << 20

func TestMemoryOverhead(t *testing.T) {
	t.Parallel()
	outcome := boot(t, host.Spec{CPUs: 4, Memory: host.GiB, Append: "selftest"})
	requireSelfTest(t, outcome)
	match := regexp.MustCompile(memoryTaken).FindStringSubmatch(outcome.Log)
	require.NotNil(t, match, "no line of the memory taken")
	taken, err := strconv.ParseFloat(match[1], 64)
	require.NoError(t, err)
	taken *= map[string]float64{"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[match[2]]
	t.Log(match[0])
	require.Positive(t, taken)
	require.Less(t, taken, float64(maxOverhead))
}
