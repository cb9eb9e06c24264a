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

// requireRows requires that every operation of the list was measured, with its exits. It returns the ticks by operation.
func requireRows(t *testing.T, table bench.Table) map[string]float64 {
	t.Helper()
	ticks := map[string]float64{}
	for _, row := range table {
		ticks[row.Op] = row.Ticks
		require.NotNil(t, row.Exits, row.Op)
	}
	report := bench.Report{}
	report.Join(table, nil, table)
	require.Empty(t, report.Missing(bench.Required()))
	return ticks
}

// What each row costs is printed and not judged, but for what batches are for, and the limits that the project has set itself.
func TestBench(t *testing.T) {
	t.Parallel()
	table := measured(t, host.Spec{Append: "stub=on"}, "bench.elf")
	rows := requireRows(t, table)
	for _, op := range []string{
		"evtchn send to self, taken by the library", "page fault, the library maps what is near", "goroutine switch", "channel ping-pong",
		"futex wake, nobody waits", "garbage collection, 8 MiB in use", "memory copied (1 MiB), a page", "page mapped in one go (4 MiB)",
		"page unmapped in one go (4 MiB)", "1 GiB mapped by the update ring, batches of 512, a page",
	} {
		require.Positive(t, rows[op], op)
	}
	for _, name := range []string{"map(0->RW)", "unmap(RW->0)", "flags(RW->RO)", "fastpath(avail bit)"} {
		require.Less(t, rows["mmu_update "+name+" batch 512"], rows["mmu_update "+name+" batch 1"])
		require.Less(t, rows["update ring "+name+" batch 512"], rows["update ring "+name+" batch 1"])
	}
	for _, row := range table {
		if row.Op == "multicall 32x null xen_version" {
			assert.Less(t, *row.Exits, 0.1, "one exit for all")
		}
		if limit, ok := limits[row.Op]; ok {
			assert.LessOrEqual(t, row.Ticks, limit.instructions, row.Op)
			assert.LessOrEqual(t, *row.Exits, limit.exits, row.Op)
		}
	}
}

// Without the stub each operation is there too, with its exits.
func TestBenchWithoutStub(t *testing.T) {
	t.Parallel()
	table := measured(t, host.Spec{Append: "stub=off"}, "bench.elf")
	requireRows(t, table)
	for _, row := range table {
		if limits[row.Op].exits == 0 && limits[row.Op].instructions != 0 {
			require.Equal(t, 2.0, *row.Exits, "%s: there and back", row.Op)
		}
		if limit, ok := limitsWithoutStub[row.Op]; ok {
			assert.LessOrEqual(t, row.Ticks, limit, row.Op)
		}
	}
}

// limitsWithoutStub is what they may cost without it: 1.1 times what Xen takes.
var limitsWithoutStub = map[string]float64{
	"user syscall -> guest kernel -> iret hypercall -> user": 703,
	"page fault (write NULL) bounce + iret":                  748,
}

// limits is what operations may cost, with the stub. Xen 4.17 takes 642, 681, 549 and 481 instructions for the first four.
var limits = map[string]struct{ instructions, exits float64 }{
	"user syscall -> guest kernel -> iret hypercall -> user": {120, 0},
	"page fault (write NULL) bounce + iret":                  {150, 0},
	"mmu_update map(0->RW) batch 512":                        {300, 0.002},
	"mmu_update unmap(RW->0) batch 512":                      {300, 0.002},
	"update ring map(0->RW) batch 512":                       {250, 0.002},
	"update ring unmap(RW->0) batch 512":                     {250, 0.002},
}
