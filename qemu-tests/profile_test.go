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

// A window of a profile is the time between two functions, here of the guest's: what it calls before and behind is not in it.
func TestProfileOfAWindow(t *testing.T) {
	t.Parallel()
	kernel := filepath.Join(programDir, "hello.elf")
	guest, err := host.LoadSymbols(kernel)
	require.NoError(t, err)
	hypervisor, err := host.LoadSymbols(image)
	require.NoError(t, err)
	from, found := guest.Address("main.sums")
	require.True(t, found)
	until, found := guest.Address("main.slept")
	require.True(t, found)
	table, err := profile.Create(filepath.Join(t.TempDir(), "blocks"), &profile.Window{From: from, Until: until})
	require.NoError(t, err)
	defer table.Close()
	boot(t, host.Spec{
		ICount: true, ExtraArgs: table.Arguments("../out/profile.so"),
		Dom0: &host.Domain0{Kernel: kernel, Memory: 64 * host.MiB},
	})
	blocks, windows, err := table.Read()
	require.NoError(t, err)
	p := profile.New(blocks, profile.Part{Name: "hypervisor", Symbols: hypervisor}, profile.Part{Name: "guest", Symbols: guest})
	require.EqualValues(t, 1, windows)
	for function, calls := range map[string]uint64{"main.main": 0, "main.sums": 1, "main.sums.func1": 4, "main.slept": 0} {
		require.Equal(t, calls, p.Calls("guest", function), function)
	}
	require.Positive(t, p.Calls("guest", "runtime.chansend"))
	require.Positive(t, p.Calls("hypervisor", "tuco/kernel/svm.Enter.abi0"), "new stacks are mapped")
}

// A profile says how often the hypervisor entered a guest: as often as the hypervisor itself counts exits.
func TestProfileCountsExits(t *testing.T) {
	t.Parallel()
	table, err := profile.Create(filepath.Join(t.TempDir(), "blocks"), nil)
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

	blocks, _, err := table.Read()
	require.NoError(t, err)
	symbols, err := host.LoadSymbols(image)
	require.NoError(t, err)
	p := profile.New(blocks, profile.Part{Name: "hypervisor", Symbols: symbols})
	require.Equal(t, exits, p.Calls("hypervisor", "tuco/kernel/svm.Enter.abi0"))
}
