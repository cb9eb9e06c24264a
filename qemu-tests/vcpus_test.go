//go:build boot

package qemutests

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// runOnVCPUs has programs that use several vCPUs end in some ways: while others run, and by what one of several does.
func runOnVCPUs(t *testing.T, spec host.Spec, vcpus int) {
	spec.CPUs = vcpus
	for _, e := range endings {
		if e.name != "preemption" && e.name != "panic" && e.name != "exit" {
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			outcome := boot(t, goProgram(spec, "hello", e.word))
			require.Equal(t, e.end, outcome.End, "%v\n%s", outcome, outcome.Console)
			require.Contains(t, outcome.Console, fmt.Sprintf("%d processors", vcpus))
			for _, says := range e.says {
				assert.Regexp(t, says, outcome.Console)
			}
		})
	}
}

func TestGoProgramOnVCPUs(t *testing.T) {
	t.Parallel()
	runOnVCPUs(t, host.Spec{}, 4)
}

// runStressOnVCPUs has all sums be right, and work of each kind done.
func runStressOnVCPUs(t *testing.T, spec host.Spec, vcpus, seconds int) {
	spec.CPUs = vcpus
	// An emulated CPU may be without a real one for a while, with others waiting for it.
	outcome := boot(t, goProgram(spec, "stress", fmt.Sprintf("seconds=%d", seconds)), within(patience+4*time.Duration(seconds)*time.Second))
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	require.Contains(t, outcome.Console, fmt.Sprintf("stress: %d processors, 0 wrong", vcpus))
	require.Regexp(t, regexp.MustCompile(`(?m)^stress: ok`), outcome.Console)
	t.Log(outcome.Console)
}

func TestGoStressOnVCPUs(t *testing.T) {
	t.Parallel()
	for vcpus, seconds := range map[int]int{2: 5, 4: 10} {
		t.Run(fmt.Sprint(vcpus), func(t *testing.T) {
			t.Parallel()
			runStressOnVCPUs(t, host.Spec{}, vcpus, seconds)
		})
	}
}

// What depends on threads and events the most is right on several vCPUs too.
func TestGoPackagesOnVCPUs(t *testing.T) {
	t.Parallel()
	testGo(t, []string{"sync", "sync/atomic", "tuco/guestlib/evtchn"}, "--short", "--cpus", "4")
}
