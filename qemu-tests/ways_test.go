//go:build boot

package qemutests

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// seenLine is what the group ways writes down of a case.
var seenLine = regexp.MustCompile(`(?m)^seen: .*?\r?$`)

// The guest sees the same, bit by bit, whether the stub serves it or the hypervisor.
func TestWaysWithAndWithoutStub(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]host.Spec{
		"amd":   {Emulator: host.QEMU, CPUs: 2},
		"intel": {Emulator: host.Bochs, Vendor: host.Intel, CPUs: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			with, without := runWays(t, spec, "stub=on"), runWays(t, spec, "stub=off")
			require.NotEmpty(t, with)
			require.Equal(t, without, with)
		})
	}
}

// runWays boots the group, and returns what it has seen.
func runWays(t *testing.T, spec host.Spec, words string) []string {
	t.Helper()
	spec.Append = words
	spec.Dom0 = &host.Domain0{
		Kernel: filepath.Join(guestDir, "suite.elf"), Args: "group=ways", Memory: 64 * host.MiB, VCPUs: 2,
	}
	outcome := boot(t, spec)
	requireVerdicts(t, outcome)
	return seenLine.FindAllString(outcome.Console, -1)
}
