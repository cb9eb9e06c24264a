//go:build boot

package qemutests

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// A guest that "tuco new guest" begins, outside this tree, builds and boots: as a guest, which its own boot test sees, and as domain 0.
func TestNewGuest(t *testing.T) {
	t.Parallel()
	tool, err := filepath.Abs("../out/tuco")
	require.NoError(t, err)
	dir := t.TempDir()
	run := func(dir string, args ...string) {
		cmd := exec.CommandContext(t.Context(), tool, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	run(dir, "new", "guest", "first")
	run(filepath.Join(dir, "first"), "build", ".", "-o", "first.elf")
	run(filepath.Join(dir, "first"), "test", ".", "--patience", "5")
	outcome := boot(t, host.Spec{Dom0: &host.Domain0{Kernel: filepath.Join(dir, "first", "first.elf"), Args: "you", Memory: 64 * host.MiB}})
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	require.Contains(t, outcome.Console, `hello from first, ["you"]`)
}
