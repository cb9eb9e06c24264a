//go:build boot

package qemutests

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// forDomain0 is the groups of the suite about what only domain 0 may do.
var forDomain0 = []string{"dom0", "lines"}

// unprivileged makes domains of the suite's groups with no rights over the machine: those whose times need a machine whose
// time is that of its instructions, or the others.
func unprivileged(icount bool, words string) (guests []guest) {
	for _, s := range suite {
		if s.icount != icount || slices.Contains(forDomain0, s.group) {
			continue
		}
		guests = append(guests, guest{
			name: s.group, kernel: "suite.elf", args: "group=" + s.group + words, memory: 32 * host.MiB,
			keys: fmt.Sprint("vcpus ", s.vcpus),
		})
	}
	return guests
}

// The suite as domains without rights, all at the same time.
func TestGuestsUnprivileged(t *testing.T) {
	t.Parallel()
	t.Run("amd", func(t *testing.T) {
		t.Parallel()
		runDomains(t, host.Spec{CPUs: 2}, unprivileged(false, " quirk=breakpoints")...)
	})
	t.Run("intel", func(t *testing.T) {
		t.Parallel()
		runDomains(t, host.Spec{CPUs: 2, Emulator: host.Bochs, Vendor: host.Intel}, unprivileged(false, "")...)
	})
	t.Run("times", func(t *testing.T) {
		t.Parallel()
		runDomains(t, host.Spec{ICount: true}, unprivileged(true, "")...)
	})
}

// runDomains boots test guests, of which none is domain 0, and requires all their verdicts.
func runDomains(t *testing.T, spec host.Spec, guests ...guest) {
	t.Helper()
	spec.Bundle = bundleOf(t, guests...)
	outcome := boot(t, spec)
	// A machine that dies is one failure, not one of each of its guests.
	require.Equal(t, host.PoweredOff, outcome.End, "%v", outcome)
	for i, g := range guests {
		t.Run(g.name, func(t *testing.T) { requireVerdictsIn(t, outcome, writtenBy(outcome.Log, i+1)) })
	}
}

// writtenBy is what a domain other than domain 0 has written.
func writtenBy(log string, domain int) string {
	var lines strings.Builder
	for _, match := range regexp.MustCompile(fmt.Sprintf(`(?m)^\(d%d\) (.*)$`, domain)).FindAllStringSubmatch(log, -1) {
		lines.WriteString(match[1] + "\n")
	}
	return lines.String()
}

// Two domains send events to each other: two without rights, which begin with a port for the store and one for the
// console; or domain 0 and another, which ends first.
func TestPair(t *testing.T) {
	t.Parallel()
	unprivileged := []guest{
		{name: "side0", kernel: "pair.elf", args: "peer=2", memory: 32 * host.MiB},
		{name: "side1", kernel: "pair.elf", args: "peer=1 port=3", memory: 32 * host.MiB},
	}
	t.Run("unprivileged-intel", func(t *testing.T) {
		t.Parallel()
		runDomains(t, host.Spec{CPUs: 2, Emulator: host.Bochs, Vendor: host.Intel}, unprivileged...)
	})
	for _, cpus := range [...]int{1, 2} {
		t.Run(fmt.Sprintf("unprivileged-cpus-%d", cpus), func(t *testing.T) {
			t.Parallel()
			runDomains(t, host.Spec{CPUs: cpus}, unprivileged...)
		})
		t.Run(fmt.Sprintf("domain-0-cpus-%d", cpus), func(t *testing.T) {
			t.Parallel()
			outcome := boot(t, host.Spec{CPUs: cpus, Bundle: bundleOf(t,
				guest{name: "side0", kernel: "pair.elf", args: "peer=1", memory: 32 * host.MiB, keys: "privileged yes"},
				guest{name: "side1", kernel: "pair.elf", args: "peer=0 port=1", memory: 32 * host.MiB})})
			requireVerdicts(t, outcome)
			requireVerdictsIn(t, outcome, writtenBy(outcome.Log, 1))
		})
	}
}
