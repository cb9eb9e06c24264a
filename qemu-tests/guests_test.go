//go:build boot

package qemutests

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// suite is the groups of the test guest that has all.
var suite = []struct {
	group  string
	vcpus  int
	icount bool // its times need a machine whose time is that of its instructions, whatever else this one does
	bochs  bool // it runs there too, on VT-x
}{
	{"start", 1, false, true},
	{"traps", 1, false, true},
	{"emulation", 1, false, true},
	{"segments", 1, false, true},
	{"user", 1, false, true},
	{"calls", 1, false, true},
	{"dom0", 1, false, true},
	{"events", 1, false, true},
	{"grants", 3, false, true},
	{"lines", 1, false, true},
	{"mm", 1, false, true},
	{"memory", 1, false, false},
	{"multicall", 1, false, false},
	{"clock", 1, true, false},
	{"stub", 1, true, true},
	{"smp", 4, false, false},
}

// runSuite boots the suite as domain 0, a group at a time, with further words on its command line: all groups, or those
// that are named.
func runSuite(t *testing.T, spec host.Spec, words string, only ...string) {
	for _, s := range suite {
		if spec.Emulator == host.Bochs && !s.bochs || len(only) != 0 && !slices.Contains(only, s.group) {
			continue
		}
		t.Run(s.group, func(t *testing.T) {
			t.Parallel()
			spec := spec
			spec.CPUs = min(s.vcpus, 2) // more vCPUs than that take turns
			words := words
			if spec.ICount = s.icount && spec.Emulator != host.Bochs; spec.ICount {
				words += " time=instructions"
			}
			spec.Dom0 = &host.Domain0{
				Kernel: filepath.Join(guestDir, "suite.elf"), Args: "group=" + s.group + words, Memory: 256 * host.MiB,
				VCPUs: s.vcpus,
			}
			outcome := boot(t, spec)
			requireVerdicts(t, outcome)
		})
	}
}

// The suite on Tuco and AMD-V. QEMU's VMRUN loads DR7 and arms no breakpoint.
func TestGuests(t *testing.T) {
	t.Parallel()
	runSuite(t, host.Spec{Append: "stub=on"}, " quirk=breakpoints stub=on")
}

// What the stub does by itself, without it; the rest of the suite so is among the long tests.
func TestGuestsWithoutStub(t *testing.T) {
	t.Parallel()
	runSuite(t, host.Spec{Append: "stub=off"}, " quirk=breakpoints", "traps", "user", "segments", "events", "stub")
}

func TestGuestsWithoutStubOnBochs(t *testing.T) {
	t.Parallel()
	runSuite(t, host.Spec{Emulator: host.Bochs, Vendor: host.Intel, Append: "stub=off"}, " quirk=power-line", "stub")
}

// The suite on Tuco and VT-x. Bochs has power management's interrupt on another line than its tables say.
func TestGuestsOnBochs(t *testing.T) {
	t.Parallel()
	runSuite(t, host.Spec{Emulator: host.Bochs, Vendor: host.Intel, Append: "stub=on"}, " quirk=power-line stub=on")
}

var (
	verdictLine = regexp.MustCompile(`(?m)^test: (\S+): (success|skip|failure|error)(?:: (.*?))?\r?$`)
	checksLine  = regexp.MustCompile(`(?m)^guest: (\d+) checks\r?$`)
	summaryLine = regexp.MustCompile(`(?m)^guest: (\d+) passed, (\d+) failed, (\d+) skipped\r?$`)
)

// requireVerdicts requires that domain 0 ran all its tests to their ends, that none failed, and that it powered off.
func requireVerdicts(t *testing.T, outcome *host.Outcome) {
	t.Helper()
	requireVerdictsIn(t, outcome, outcome.Console)
}

// requireVerdictsIn requires it of the test guest that has written this.
func requireVerdictsIn(t *testing.T, outcome *host.Outcome, console string) {
	t.Helper()
	counts := map[string]int{}
	for _, match := range verdictLine.FindAllStringSubmatch(console, -1) {
		name, verdict, why := match[1], match[2], match[3]
		counts[verdict]++
		switch verdict {
		case "skip":
			t.Logf("%s skipped: %s", name, why)
		case "failure", "error":
			assert.Fail(t, name+": "+verdict+": "+why)
		}
	}
	for line := range strings.Lines(console) {
		if strings.HasPrefix(line, "check: ") {
			t.Log(strings.TrimSpace(line))
		}
	}
	require.Equal(t, host.PoweredOff, outcome.End, "%v", outcome)
	summary := summaryLine.FindStringSubmatch(console)
	require.NotNil(t, summary, "the guest did not come to its end:\n%s", console)
	want := fmt.Sprintf("%d passed, %d failed, %d skipped", counts["success"], counts["failure"], counts["skip"])
	require.Equal(t, want, strings.TrimSpace(strings.TrimPrefix(summary[0], "guest: ")), "verdicts are missing")
	require.Positive(t, counts["success"])
	if checks := checksLine.FindStringSubmatch(console); checks != nil {
		t.Logf("%s; %s checks", want, checks[1])
	}
}
