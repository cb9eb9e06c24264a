package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
)

// An NMI that another vCPU sends just when this one has left its guest to block is
// delivered, like an upcall, and does not wait for whatever wakes it next.
func TestNothingBlocksAnNMI(t *testing.T) {
	for _, pending := range []bool{false, true} {
		g := newGuest(t, false)
		machine.InitTimers(g.v)
		if pending {
			g.v.Want(domain.WantNMI)
		}
		h := g.v.Holder()
		machine.TakePick(h)
		assert.Zero(t, g.call(hypercall.HYPERVISOR_sched_op, hypercall.SCHEDOP_block))
		assert.Equal(t, !pending, machine.TakePick(h), "block")
		assert.Zero(t, g.call(hypercall.HYPERVISOR_sched_op, hypercall.SCHEDOP_poll, g.write(0, hypercall.SchedPoll{})))
		assert.Equal(t, !pending, machine.TakePick(h), "poll")
		assert.Equal(t, !pending, g.v.Polling)
	}
}
