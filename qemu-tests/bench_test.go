//go:build boot

package qemutests

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/bench"
	"tuco/tools/tuco/host"
)

// measured is what a measuring guest has found.
func measured(t *testing.T, spec host.Spec, guest string) bench.Table {
	t.Helper()
	spec.ICount = true
	spec.Dom0 = &host.Domain0{Kernel: filepath.Join(programDir, guest), Memory: 64 * host.MiB}
	outcome := boot(t, spec)
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	table, err := bench.Parse(outcome.Console)
	require.NoError(t, err, "%s", outcome.Console)
	return table
}

// requireRows requires that every operation of the list was measured, on one hypervisor at least as the list means it: with its exits
// where the hypervisor counts them. It returns the ticks by operation.
func requireRows(t *testing.T, table bench.Table, counted bool) map[string]float64 {
	t.Helper()
	ticks := map[string]float64{}
	for _, row := range table {
		ticks[row.Op] = row.Ticks
		assert.Equal(t, counted && row.Absent == "", row.Exits != nil, row.Op)
	}
	report := bench.Report{}
	report.Join(table, nil, table)
	require.Empty(t, report.Missing(bench.Required()))
	return ticks
}

// What each row costs is printed and not judged, but for what batches are for.
func runBench(t *testing.T, spec host.Spec) {
	rows := requireRows(t, measured(t, spec, "bench.elf"), spec.Hypervisor != host.Xen)
	for _, op := range []string{
		"evtchn send to self, taken by the library", "page fault, the library maps what is near", "goroutine switch", "channel ping-pong",
		"futex wake, nobody waits", "garbage collection, 8 MiB in use", "memory copied (1 MiB), a page", "page mapped in one go (4 MiB)",
		"page unmapped in one go (4 MiB)",
	} {
		require.Positive(t, rows[op], op)
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
