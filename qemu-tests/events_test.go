//go:build boot

package qemutests

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

func runEvents(t *testing.T, spec host.Spec, args string) {
	outcome := boot(t, goProgram(spec, "events", args))
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	require.Regexp(t, `(?m)^events: \d+ pairs, \d+ rounds each, \d+ processors: ok`, outcome.Console)
}

// Goroutines wait for event channels, which lose nothing, on one vCPU and on several.
func TestGoEvents(t *testing.T) {
	t.Parallel()
	runEvents(t, host.Spec{}, "pairs=60 rounds=10")
}

func TestGoEventsOnVCPUs(t *testing.T) {
	t.Parallel()
	runEvents(t, host.Spec{CPUs: 4}, "pairs=40 rounds=8")
}
