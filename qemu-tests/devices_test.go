//go:build boot

package qemutests

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/mkbundle"
	"tuco/tools/tuco/host"
)

func runDevices(t *testing.T, spec host.Spec) {
	outcome := boot(t, goProgram(spec, "devices", ""))
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	require.Regexp(t, `(?m)^devices: this domain has no store, so it has no devices`, outcome.Console)
}

// Front ends have nothing to do in domain 0, which has no store, and say so.
func TestGoDevices(t *testing.T) {
	t.Parallel()
	runDevices(t, host.Spec{})
}

// A Go program in a domain that is not privileged has a console of its own. Nobody listens to it here, so what the program says is on
// the hypervisor's.
func TestGoUnprivileged(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile(filepath.Join(programDir, "hello.elf"))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "bundle.cpio")
	require.NoError(t, os.WriteFile(path, packed(t,
		mkbundle.File{Name: mkbundle.ConfigName, Data: []byte("name worker\nkernel hello.elf\nargs one\nmemory 64M\n")},
		mkbundle.File{Name: "hello.elf", Data: program}), 0o644))
	outcome := boot(t, host.Spec{Bundle: path})
	requirePowerOff(t, outcome)
	require.Regexp(t, `\(d1\) hello: .* arguments \["one"\]`, outcome.Log)
	require.Contains(t, outcome.Log, "(d1) hello: done")
}
