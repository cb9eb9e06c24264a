//go:build boot

package qemutests

import (
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// The control domain's drivers use the machine's virtio devices, which interrupt by messages or by their lines.
func TestDrivers(t *testing.T) {
	t.Parallel()
	for words, messages := range map[string]int{"": 3, "lines": 0} {
		t.Run("messages-"+strconv.Itoa(messages), func(t *testing.T) {
			t.Parallel()
			outcome := runDrivers(t, host.Spec{CPUs: 2}, words)
			require.Equal(t, messages, strings.Count(outcome.Console, "interrupts by a message"), outcome.Console)
		})
	}
}

// runDrivers boots control/trial with a disk, a network and a source of random numbers, and looks at the disk's file afterwards.
func runDrivers(t *testing.T, spec host.Spec, words string) *host.Outcome {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.Truncate(path, 10<<20))
	spec = goProgram(spec, "trial", words)
	spec.ExtraArgs = []string{
		"-drive", "if=none,id=disk,format=raw,file=" + path, "-device", "virtio-blk-pci,drive=disk",
		"-netdev", "user,id=net,restrict=on", "-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci",
	}
	outcome := boot(t, spec)
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	require.Regexp(t, `trial: disk: 8257536 bytes written and read, in \d+ requests with \d+ notifications`, outcome.Console)
	require.Contains(t, outcome.Console, "trial: network: 10.0.2.2 is at 52550a000202")
	require.Contains(t, outcome.Console, "trial: random numbers came")
	require.Contains(t, outcome.Console, "trial: ok")
	t.Log(outcome.Console)

	got, err := os.ReadFile(path)
	require.NoError(t, err)
	want := make([]byte, len(got))
	_, err = io.ReadFull(rand.NewChaCha8([32]byte{7}), want[:8257536])
	require.NoError(t, err)
	require.True(t, string(want) == string(got), "the disk's file has not what was written")
	return outcome
}

// Without devices there is nothing to try.
func TestDriversWithoutDevices(t *testing.T) {
	t.Parallel()
	outcome := boot(t, goProgram(host.Spec{}, "trial", ""))
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	require.Contains(t, outcome.Console, "trial: ok")
	require.NotContains(t, outcome.Console, "trial: disk")
}
