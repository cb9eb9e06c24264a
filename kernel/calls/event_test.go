package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

const eventCall = hypercall.HYPERVISOR_event_channel_op

// A command that opens a port and can't say which leaves none behind.
func TestPortThatNobodyHearsOf(t *testing.T) {
	g := newGuest(t, false)
	h := g.v.Holder()
	require.Zero(t, g.d.Events.PermitPIRQ(h, 5, true))
	waiting := hypercall.EvtchnAllocUnbound{Dom: hypercall.DOMID_SELF, RemoteDom: hypercall.DOMID_SELF}
	require.Zero(t, g.call(eventCall, hypercall.EVTCHNOP_alloc_unbound, g.write(0, waiting)))
	port := read[hypercall.EvtchnAllocUnbound](g, 0).Port
	page := uint64(2 * frame.PageSize)
	for cmd, arg := range map[uint64]any{
		hypercall.EVTCHNOP_alloc_unbound:    waiting,
		hypercall.EVTCHNOP_bind_interdomain: hypercall.EvtchnBindInterdomain{RemoteDom: hypercall.DOMID_SELF, RemotePort: port},
		hypercall.EVTCHNOP_bind_virq:        hypercall.EvtchnBindVIRQ{VIRQ: hypercall.VIRQ_TIMER},
		hypercall.EVTCHNOP_bind_pirq:        hypercall.EvtchnBindPIRQ{PIRQ: 5},
		hypercall.EVTCHNOP_bind_ipi:         hypercall.EvtchnBindIPI{},
	} {
		g.write(page, arg)
		require.Zero(t, g.update(g.l1, 2, pagetype.MakePTE(g.pages[2], leaf)))
		assert.Equal(t, failed(hypercall.EFAULT), g.call(eventCall, cmd, g.at(page)), "command %d", cmd)
		assert.EqualValues(t, 1, g.d.Events.OpenPorts(h), "command %d", cmd)
		require.Zero(t, g.update(g.l1, 2, pagetype.MakePTE(g.pages[2], table)))
		assert.Zero(t, g.call(eventCall, cmd, g.at(page)), "command %d, where it can", cmd)
		assert.EqualValues(t, 2, g.d.Events.OpenPorts(h))
		opened := hypercall.Port(2)
		assert.Zero(t, g.call(eventCall, hypercall.EVTCHNOP_close, g.write(0, hypercall.EvtchnClose{Port: opened})))
	}
}

// A reset of all ports takes several steps, and is over at its end whatever happens
// between them.
func TestResetInSteps(t *testing.T) {
	g := newGuest(t, false)
	h := g.v.Holder()
	for range 1000 {
		require.Zero(t, g.call(eventCall, hypercall.EVTCHNOP_bind_ipi, g.write(0, hypercall.EvtchnBindIPI{})))
	}
	reset := g.write(0, hypercall.EvtchnReset{Dom: hypercall.DOMID_SELF})
	assert.Zero(t, g.call(eventCall, hypercall.EVTCHNOP_reset, reset))
	assert.Equal(t, 1000/resetBudget+1, g.steps)
	assert.Zero(t, g.d.Events.OpenPorts(h))

	for range 200 {
		require.Zero(t, g.call(eventCall, hypercall.EVTCHNOP_bind_ipi, g.write(64, hypercall.EvtchnBindIPI{})))
	}
	r := g.callBetween(eventCall, func() { g.call(eventCall, hypercall.EVTCHNOP_bind_ipi, g.write(64, hypercall.EvtchnBindIPI{})) },
		hypercall.EVTCHNOP_reset, reset)
	assert.Equal(t, failed(hypercall.EAGAIN), r, "others opened ports meanwhile")
	assert.Equal(t, failed(hypercall.ESRCH), g.call(eventCall, hypercall.EVTCHNOP_reset, g.write(0, hypercall.EvtchnReset{Dom: 999})))
}
