//go:build boot

package qemutests

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/ramdisk"
)

// Domain 0 makes domains and destroys them, and the hypervisor's counts are as before.
func TestControlInterface(t *testing.T) {
	t.Parallel()
	for _, cpus := range [...]int{1, 2} {
		t.Run(fmt.Sprintf("cpus-%d", cpus), func(t *testing.T) {
			t.Parallel()
			runCycles(t, host.Spec{CPUs: cpus}, 20, "")
		})
	}
}

// The same on VT-x.
func TestControlInterfaceOnBochs(t *testing.T) {
	t.Parallel()
	runCycles(t, host.Spec{Emulator: host.Bochs, Vendor: host.Intel, CPUs: 2, Memory: 256 * host.MiB}, 4, " scarce=no")
}

// runCycles boots control/cycle with kernels for the domains that it makes.
func runCycles(t *testing.T, spec host.Spec, times int, words string) {
	t.Helper()
	files := ramdisk.Ramdisk{}
	for _, name := range [...]string{"hello", "busy", "suite"} {
		require.NoError(t, files.Add(filepath.Join(guestDir, name+".elf"), name, nil))
	}
	spec = goProgram(spec, "cycle", fmt.Sprintf("times=%d ends=/hello runs=/busy denied=/suite", times)+words)
	spec.Dom0.Ramdisk = filepath.Join(t.TempDir(), "kernels.cpio")
	require.NoError(t, files.Write(spec.Dom0.Ramdisk))
	outcome := boot(t, spec)
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	t.Log(outcome.Console)
	require.Contains(t, outcome.Console, "cycle: ok")
	requireLog(t, outcome, `(?m)^\(d\d+\) test: rights/denied: success`)
	requireLog(t, outcome, `(?m)^\(d\d+\) test: hello/world: success`)
}
