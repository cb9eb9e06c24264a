//go:build boot && xen

package qemutests

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// guestDir is where make puts the test guests: see qemu-tests/guests/pv.
const guestDir = "../out/guests"

// suite is the groups of the test guest that has all, how many vCPUs each needs, and whether its times need a machine
// whose time is that of its instructions, whatever else this one does.
var suite = []struct {
	group  string
	vcpus  int
	icount bool
}{
	{"traps", 1, false},
	{"emulation", 1, false},
	{"segments", 1, false},
	{"user", 1, false},
	{"calls", 1, false},
	{"events", 1, false},
	{"mm", 1, false},
	{"memory", 1, false},
	{"multicall", 1, false},
	{"clock", 1, true},
}

// runSuite boots the suite as domain 0, a group at a time.
func runSuite(t *testing.T, spec host.Spec) {
	for _, s := range suite {
		t.Run(s.group, func(t *testing.T) {
			t.Parallel()
			spec := spec
			spec.CPUs = s.vcpus
			spec.ICount = s.icount
			spec.Dom0 = &host.Domain0{
				Kernel: filepath.Join(guestDir, "suite.elf"), Args: "group=" + s.group, Memory: 256 * host.MiB,
			}
			outcome := boot(t, spec)
			requireVerdicts(t, outcome)
		})
	}
}

var (
	verdictLine = regexp.MustCompile(`(?m)^test: (\S+): (success|skip|failure|error)(?:: (.*?))?\r?$`)
	checksLine  = regexp.MustCompile(`(?m)^guest: (\d+) checks\r?$`)
	summaryLine = regexp.MustCompile(`(?m)^guest: (\d+) passed, (\d+) failed, (\d+) skipped\r?$`)
)

// requireVerdicts requires that a test guest ran all its tests to their ends, that none failed, and that it powered off.
func requireVerdicts(t *testing.T, outcome *host.Outcome) {
	t.Helper()
	counts := map[string]int{}
	for _, match := range verdictLine.FindAllStringSubmatch(outcome.Console, -1) {
		name, verdict, why := match[1], match[2], match[3]
		counts[verdict]++
		switch verdict {
		case "skip":
			t.Logf("%s skipped: %s", name, why)
		case "failure", "error":
			assert.Fail(t, name+": "+verdict+": "+why)
		}
	}
	for line := range strings.Lines(outcome.Console) {
		if strings.HasPrefix(line, "check: ") {
			t.Log(strings.TrimSpace(line))
		}
	}
	require.Equal(t, host.PoweredOff, outcome.End, "%v", outcome)
	summary := summaryLine.FindStringSubmatch(outcome.Console)
	require.NotNil(t, summary, "the guest did not come to its end:\n%s", outcome.Console)
	want := fmt.Sprintf("%d passed, %d failed, %d skipped", counts["success"], counts["failure"], counts["skip"])
	require.Equal(t, want, strings.TrimSpace(strings.TrimPrefix(summary[0], "guest: ")), "verdicts are missing")
	require.Positive(t, counts["success"])
	if checks := checksLine.FindStringSubmatch(outcome.Console); checks != nil {
		t.Logf("%s; %s checks", want, checks[1])
	}
}
