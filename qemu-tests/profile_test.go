//go:build boot

package qemutests

import (
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/profile"
)

// A profile says how often the hypervisor entered a guest: as often as the hypervisor itself counts exits.
func TestProfileCountsExits(t *testing.T) {
	t.Parallel()
	table, err := profile.Create(filepath.Join(t.TempDir(), "blocks"))
	require.NoError(t, err)
	defer table.Close()
	outcome := boot(t, host.Spec{
		ICount: true, Append: "counts", ExtraArgs: table.Arguments("../out/profile.so"),
		Dom0: &host.Domain0{Kernel: filepath.Join(programDir, "hello.elf"), Memory: 64 * host.MiB},
	})
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	var exits uint64
	for _, match := range regexp.MustCompile(`(?m)^count: domain 0: exit .*: (\d+)$`).FindAllStringSubmatch(outcome.Log, -1) {
		n, err := strconv.ParseUint(match[1], 10, 64)
		require.NoError(t, err)
		exits += n
	}
	require.Positive(t, exits)

	blocks, err := table.Read()
	require.NoError(t, err)
	symbols, err := host.LoadSymbols(image)
	require.NoError(t, err)
	p := profile.New(blocks, profile.Part{Name: "hypervisor", Symbols: symbols})
	require.Equal(t, exits, p.Calls("hypervisor", "tuco/kernel/svm.Enter.abi0"))
}
