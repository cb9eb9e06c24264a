//go:build boot

package qemutests

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// requests are what a toolstack asks a Go program for, by the store.
var requests = []struct {
	name string
	end  host.End
	says string // on the console
}{
	{"reboot", host.Rebooted, `power: asked to reboot and ready`},
	{"memory", host.PoweredOff, `(?s)is 1000 pages less.*is 0 pages less.*power: asked to power off and ready`},
}

func runRequests(t *testing.T, spec host.Spec) {
	for _, r := range requests {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			outcome := boot(t, goProgram(spec, "power", r.name))
			require.Equal(t, r.end, outcome.End, "%v\n%s", outcome, outcome.Console)
			assert.Regexp(t, r.says, outcome.Console)
		})
	}
}

func TestGoPower(t *testing.T) {
	t.Parallel()
	runRequests(t, host.Spec{})
}

// Nobody can save a domain yet, so one that asks for it ends.
func TestGoSuspend(t *testing.T) {
	t.Parallel()
	outcome := boot(t, goProgram(host.Spec{CPUs: 1}, "power", "suspend"))
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	assert.Contains(t, outcome.Console, "power: ready to be saved")
	assert.Contains(t, outcome.Log, "domain 0: shut down: suspend")
}
