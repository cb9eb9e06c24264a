//go:build boot && xen

package qemutests

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// initRuns is what Linux says when it starts its init, with the seconds since it has a clock.
const initRuns = `^\[ *(\d+)\.(\d+)\] Run /init as init process`

// counted matches what the option counts logs.
var counted = regexp.MustCompile(`(?m)^count: .*$`)

// What it costs stock Linux to come to its init, here and on Xen, is printed and not judged. The instructions are the
// virtual nanoseconds of a run with -icount shift=0, so they repeat exactly; they are those of both, Linux and what is
// below it. The seconds depend on this machine; so the two runs follow each other.
func TestOnXenLinuxStart(t *testing.T) {
	for _, hypervisor := range []struct {
		name string
		spec host.Spec
	}{
		{"Tuco", host.Spec{Append: "counts"}},
		{"Xen", xenHost(t)},
	} {
		spec := hypervisor.spec
		spec.Dom0 = linuxDomain0(t, load{0, 0, "poweroff"}.words())
		clock := newStopwatch()
		outcome := boot(t, spec, watching(clock), within(5*time.Minute))
		require.Equal(t, host.PoweredOff, outcome.End, "%v", outcome)
		line, ok := clock.find(initRuns)
		require.True(t, ok, "no line of init's start")
		t.Logf("%s: init after %.1f s", hypervisor.name, line.at.Seconds())
		t.Logf("%s: by reason, call and list:\n%s", hypervisor.name, strings.Join(counted.FindAllString(outcome.Log, -1), "\n"))

		spec.ICount = true
		outcome = boot(t, spec, within(15*time.Minute))
		match := regexp.MustCompile(`(?m)` + initRuns).FindStringSubmatch(outcome.Console)
		require.NotNil(t, match, "no line of init's start")
		t.Logf("%s: init after %s%s thousand instructions", hypervisor.name, strings.TrimLeft(match[1], "0"), match[2])
	}
}
