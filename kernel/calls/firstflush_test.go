package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/machine"
)

// A domain's first vCPU begins with a root and no flush of its own behind it. What it has used before its first flush is
// dropped all the same when a page of it becomes a table.
func TestFirstTableIsFlushedFor(t *testing.T) {
	g := newGuest(t, false)
	const version, text = hypercall.HYPERVISOR_xen_version, hypercall.XENVER_extraversion
	for range 2 { // the second time finds the page marked as written to, and keeps it
		require.Zero(t, g.call(version, text, g.at(0)))
	}
	clear(machine.Types.Page(g.pages[0])[:])
	require.Zero(t, g.call(hypercall.HYPERVISOR_update_va_mapping, g.at(0), 0, 0), "with no flush")
	pin := g.write(4096, hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_PIN_L1_TABLE, Arg1: uint64(g.pages[0])})
	require.Zero(t, g.call(hypercall.HYPERVISOR_mmuext_op, pin, 1, 0, uint64(hypercall.DOMID_SELF)))
	require.True(t, machine.Types.IsL1(g.pages[0]))
	assert.Equal(t, failed(hypercall.EFAULT), g.call(version, text, g.at(0)))
	assert.Zero(t, machine.Types.Table(g.pages[0])[0].Load(), "a table was written to")
}
