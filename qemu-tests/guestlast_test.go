//go:build boot

package qemutests

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// runLast boots the tests of the suite's group last, and requires the domain to end as if it had asked to be powered off.
func runLast(t *testing.T, spec host.Spec) {
	for _, name := range [...]string{"first-vcpu", "other-vcpu", "all"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := spec
			spec.CPUs = 2
			spec.Dom0 = &host.Domain0{
				Kernel: filepath.Join(guestDir, "suite.elf"), Args: "group=last test=" + name, Memory: 256 * host.MiB, VCPUs: 4,
			}
			outcome := boot(t, spec)
			require.Equal(t, host.PoweredOff, outcome.End, "%v", outcome)
			console := strings.ReplaceAll(outcome.Console, "\r", "")
			assert.True(t, strings.HasSuffix(console, "last: begins\n"), "the console is %q", console)
		})
	}
}

func TestGuestLast(t *testing.T) {
	t.Parallel()
	runLast(t, host.Spec{})
}
