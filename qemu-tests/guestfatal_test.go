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

// fatal is the tests of the suite's group of that name, and what the guest says itself at its end.
var fatal = map[string]string{
	"no-handler":         "",
	"no-stack":           "",
	"no-stack-from-user": "",
	"no-stack-at-all":    "",
	"no-user-root":       "",
	"iret-nowhere":       "",
	"iret-hypervisor":    "",
	"crash":              "",
	"panic":              "test: fatal/panic: error: index out of range at rip 0x",
	"trap":               "test: fatal/trap: error: unexpected #UD (error 0x0,",
}

// runFatal boots each of them, and requires that the hypervisor ends the domain and says so.
func runFatal(t *testing.T, spec host.Spec) {
	for name, says := range fatal {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := spec
			spec.Dom0 = &host.Domain0{
				Kernel: filepath.Join(guestDir, "suite.elf"), Args: "group=fatal test=" + name, Memory: 256 * host.MiB,
			}
			outcome := boot(t, spec)
			require.Equal(t, host.Crashed, outcome.End, "%v", outcome)
			console := strings.ReplaceAll(outcome.Console, "\r", "")
			after, began := strings.CutPrefix(console[max(0, strings.Index(console, "fatal: begins")):], "fatal: begins\n")
			require.True(t, began, "the console is %q", console)
			assert.True(t, after == says || says != "" && strings.HasPrefix(after, says), "then the guest says %q", after)
			if says == "" && name != "crash" {
				assert.Regexp(t, `(?i)crash`, outcome.Log, "the hypervisor's report")
				assert.Regexp(t, `(?i)\brip\b.*[0-9a-f]{16}`, outcome.Log, "the hypervisor's report has registers")
			}
		})
	}
}

func TestGuestFatal(t *testing.T) {
	t.Parallel()
	runFatal(t, host.Spec{})
}
