//go:build boot

package qemutests

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// runStarts boots the suite's group start as domain 0, with a ramdisk: as the ABI has it, and as the notes of another
// kernel ask for it.
func runStarts(t *testing.T, spec host.Spec) {
	const memory, size = 256 * host.MiB, 10000
	disk := make([]byte, size)
	for i := range disk {
		disk[i] = byte(7 * i)
	}
	path := filepath.Join(t.TempDir(), "ramdisk")
	require.NoError(t, os.WriteFile(path, disk, 0o644))
	for _, kernel := range []struct{ name, words string }{
		{"suite", ""},
		{"suite-p2m", " p2m=0x8000000000"},
	} {
		t.Run(kernel.name, func(t *testing.T) {
			spec := spec
			spec.Dom0 = &host.Domain0{
				Kernel: filepath.Join(guestDir, kernel.name+".elf"), Ramdisk: path, Memory: memory,
				Args: fmt.Sprintf("group=start pages=%d ramdisk=%d%s", memory/(4*host.KiB), size, kernel.words),
			}
			requireVerdicts(t, boot(t, spec))
		})
	}
}

func TestGuestStart(t *testing.T) {
	t.Parallel()
	runStarts(t, host.Spec{})
}
