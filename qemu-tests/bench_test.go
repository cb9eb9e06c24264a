//go:build boot

package qemutests

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// benchRows is what guests/bench has measured, by operation.
func benchRows(t *testing.T, spec host.Spec) map[string]float64 {
	t.Helper()
	spec.ICount = true
	spec.Dom0 = &host.Domain0{Kernel: filepath.Join(programDir, "bench.elf"), Memory: 64 * host.MiB}
	outcome := boot(t, spec)
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	_, table, found := strings.Cut(outcome.Console, "op\tdiv\tticks(median/op)\texits\n")
	require.True(t, found, "%s", outcome.Console)
	table, _, found = strings.Cut(table, "bench: done")
	require.True(t, found, "%s", outcome.Console)
	rows := map[string]float64{}
	for line := range strings.Lines(table) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		require.Len(t, fields, 4, "%q", line)
		count, err := strconv.Atoi(fields[1])
		require.NoError(t, err)
		require.Positive(t, count, "%q", line)
		ticks, err := strconv.ParseFloat(fields[2], 64)
		require.NoError(t, err)
		require.Positive(t, ticks, "%q", line)
		require.NotContains(t, rows, fields[0])
		if spec.Hypervisor == host.Xen {
			require.Equal(t, "-", fields[3], "%q", line)
		} else {
			exits, err := strconv.ParseFloat(fields[3], 64)
			require.NoError(t, err)
			require.GreaterOrEqual(t, exits, 0.0)
		}
		rows[fields[0]] = ticks
	}
	t.Logf("%s", table)
	return rows
}

// What each row costs is printed and not judged, but for what batches are for.
func runBench(t *testing.T, spec host.Spec) {
	rows := benchRows(t, spec)
	for _, op := range []string{
		"null: xen_version(XENVER_version)", "multicall 32x null xen_version", "mmu_update map(0->RW) batch 1", "mmu_update map(0->RW) batch 512",
		"update_va_mapping map INVLPG", "evtchn send to self, taken by the library", "page fault, the library maps what is near", "goroutine switch",
		"channel ping-pong", "futex wake, nobody waits", "garbage collection, 8 MiB in use", "memory copied (1 MiB), a page",
		"page mapped in one go (4 MiB)", "page unmapped in one go (4 MiB)",
	} {
		require.Contains(t, rows, op)
	}
	for _, name := range []string{"map(0->RW)", "unmap(RW->0)", "flags(RW->RO)", "fastpath(avail bit)"} {
		require.Less(t, rows["mmu_update "+name+" batch 512"], rows["mmu_update "+name+" batch 1"])
	}
	require.Less(t, rows["multicall 32x null xen_version"], rows["null: xen_version(XENVER_version)"])
}

func TestBench(t *testing.T) {
	t.Parallel()
	runBench(t, host.Spec{})
}
