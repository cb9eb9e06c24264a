//go:build boot

package qemutests

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/tools/tuco/host"
)

// runRawBench boots the measuring guest that is written in assembler. What a row costs is printed and not judged.
func runRawBench(t *testing.T, spec host.Spec) {
	rows := map[string]float64{}
	for _, row := range measured(t, spec, "rawbench.elf") {
		rows[row.Op] = row.Ticks
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
