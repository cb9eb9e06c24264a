//go:build boot

package qemutests

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/tools/tuco/host"
)

// A guest that needs what the hypervisor does not have, or can't run with what it has, says so in a line and ends. No
// hypervisor is that bad, so the guest is made to want more.
func runRequirements(t *testing.T, spec host.Spec) {
	for _, test := range []struct {
		name, symbol string
		feature      int
		says         string
	}{
		{"lacks", "required", hypercall.XENFEAT_hvm_callback_vector,
			`(?m)^guest: the hypervisor lacks features that a Go guest needs: XENFEAT_\* bits 0x100\r?$`},
		{"has", "refused", hypercall.XENFEAT_mmu_pt_update_preserve_ad,
			`(?m)^guest: the hypervisor has features that a Go guest can't run with: XENFEAT_\* bits 0x20\r?$`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			spec := goProgram(spec, "hello", "")
			spec.Dom0.Kernel = withFeature(t, spec.Dom0.Kernel, "tuco/guestlib/start."+test.symbol, test.feature)
			outcome := boot(t, spec)
			require.Equal(t, host.Crashed, outcome.End, "%v\n%s", outcome, outcome.Console)
			require.Regexp(t, test.says, outcome.Console)
			require.NotContains(t, outcome.Console, "hello:")
		})
	}
}

// withFeature is a copy of a kernel in which a variable of 32 bits has one more.
func withFeature(t *testing.T, kernel, variable string, bit int) (path string) {
	t.Helper()
	file, err := os.ReadFile(kernel)
	require.NoError(t, err)
	f, err := elf.Open(kernel)
	require.NoError(t, err)
	defer f.Close()
	symbols, err := f.Symbols()
	require.NoError(t, err)
	for _, s := range symbols {
		if s.Name != variable {
			continue
		}
		section := f.Sections[s.Section]
		at := file[s.Value-section.Addr+section.Offset:]
		binary.LittleEndian.PutUint32(at, binary.LittleEndian.Uint32(at)|1<<bit)
		path = filepath.Join(t.TempDir(), "kernel.elf")
		require.NoError(t, os.WriteFile(path, file, 0o644))
		return path
	}
	require.Fail(t, "no symbol "+variable)
	return ""
}

func TestGoProgramRequirements(t *testing.T) {
	t.Parallel()
	runRequirements(t, host.Spec{})
}
