//go:build boot

package qemutests

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// runRawBench boots the measuring guest that is written in assembler. What a row costs is printed and not judged.
func runRawBench(t *testing.T, spec host.Spec) {
	spec.ICount = true
	spec.Dom0 = &host.Domain0{Kernel: filepath.Join(programDir, "rawbench.elf"), Memory: 64 * host.MiB}
	outcome := boot(t, spec)
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	_, table, found := strings.Cut(outcome.Console, "op\tdiv\tticks(median/op)\texits\n")
	require.True(t, found, "%s", outcome.Console)
	table, _, found = strings.Cut(table, "rawbench: done")
	require.True(t, found, "%s", outcome.Console)
	t.Logf("%s", table)
	rows := map[string]float64{}
	for line := range strings.Lines(table) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		require.Len(t, fields, 4, "%q", line)
		ticks, err := strconv.ParseFloat(fields[2], 64)
		require.NoError(t, err)
		rows[fields[0]] = ticks
	}
	const instructions = 10 // of the guest's own in the shortest of these
	for _, op := range []string{
		"null: xen_version(XENVER_version)", "sched_op yield", "pv cpuid (forced emul)", "page fault (write NULL) bounce + iret",
		"user syscall -> guest kernel -> iret hypercall -> user", "evtchn send + upcall + iret (round trip)",
		"mmuext NEW_BASEPTR+NEW_USER_BASEPTR", "mmu_update map(0->RW) batch 1", "memory_op populate_physmap 1 page",
	} {
		assert.Greater(t, rows[op], float64(instructions), op)
	}
}

func TestRawBench(t *testing.T) {
	t.Parallel()
	runRawBench(t, host.Spec{})
}
