//go:build boot

package qemutests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/probe"
)

// platforms are the ways in which a machine is started, each with the least it needs to tell.
var platforms = map[string]host.Spec{
	"qemu-pvh":    {Emulator: host.QEMU, Boot: host.PVH},
	"qemu-iso":    {Emulator: host.QEMU, Boot: host.ISO},
	"bochs-intel": {Emulator: host.Bochs, Vendor: host.Intel},
	"bochs-amd":   {Emulator: host.Bochs, Vendor: host.AMD},
}

// bootProbe boots a tiny program in the hypervisor's place: these tests are about the harness and the emulators.
func bootProbe(t *testing.T, spec host.Spec, program *probe.Program, with ...option) *host.Outcome {
	t.Helper()
	spec.Image = filepath.Join(t.TempDir(), "probe.elf")
	spec.Memory = 64 * host.MiB
	require.NoError(t, os.WriteFile(spec.Image, program.Image(), 0o644))
	return boot(t, spec, with...)
}

func TestHarnessEnds(t *testing.T) {
	t.Parallel()
	hello := func() *probe.Program { return new(probe.Program).Print("tuco 0.0\r\n") }
	for name, spec := range platforms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			qemu := spec.Emulator == host.QEMU

			outcome := bootProbe(t, spec, hello().Print("tuco: power off\r\n").PowerOff())
			assert.Equal(t, host.PoweredOff, outcome.End, "%v", outcome)
			assert.False(t, outcome.Failed, "%v", outcome)
			assert.Equal(t, "tuco 0.0\ntuco: power off\n", outcome.Log)

			outcome = bootProbe(t, spec, hello().Print("tuco: crashed: on purpose\n").DebugExit(1))
			assert.Equal(t, host.Crashed, outcome.End, "%v", outcome)
			assert.Equal(t, "on purpose", outcome.Reason)
			if qemu {
				assert.Equal(t, 3, outcome.Status)
			}

			outcome = bootProbe(t, spec, hello().TripleFault())
			assert.Equal(t, host.Vanished, outcome.End, "%v", outcome)
			assert.True(t, outcome.Failed)
			assert.Contains(t, outcome.String(), "triple fault")

			outcome = bootProbe(t, spec, hello(), within(30*time.Second)) // firmware may be slow beside other boots
			assert.Equal(t, host.TimedOut, outcome.End, "%v", outcome)
			assert.Equal(t, 124, outcome.ExitCode())
			assert.Equal(t, "tuco 0.0\n", outcome.Log)
		})
	}
}

// What is typed reaches the serial port, on the emulators' different ways.
func TestHarnessInput(t *testing.T) {
	t.Parallel()
	for name, spec := range platforms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := newKeyboard()
			program := new(probe.Program).Print("ready\n").Echo().Echo().Print("\ntuco: power off\n").PowerOff()
			outcome := bootProbe(t, spec, program, typing(keys), watching(keys.when("ready", "hi")))
			assert.Equal(t, "ready\nhi\ntuco: power off\n", outcome.Log)
		})
	}
}

func TestHarnessNamesWhatTheEmulatorRefuses(t *testing.T) {
	t.Parallel()
	outcome := bootProbe(t, host.Spec{CPUModel: "nonsuch"}, new(probe.Program))
	assert.Equal(t, host.EmulatorFailed, outcome.End, "%v", outcome)
	assert.Contains(t, outcome.Reason, "nonsuch")

	notELF := filepath.Join(t.TempDir(), "tuco.elf")
	require.NoError(t, os.WriteFile(notELF, []byte(strings.Repeat("not an image ", 4000)), 0o644))
	outcome = boot(t, host.Spec{Image: notELF}, within(20*time.Second))
	assert.True(t, outcome.Failed, "%v", outcome)
}
