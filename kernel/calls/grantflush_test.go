package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/percpu"
	"tuco/kernel/shootdown"
)

// elsewhere puts the guest's other vCPU on a CPU of its own, which answers requests when
// it is kicked.
func (g *guest) elsewhere(kick func(h *lock.Holder)) {
	const cpu = 1
	h := &percpu.Get(cpu).Locks
	h.CPU, h.Serve = cpu, func(*lock.Holder) {}
	machine.Scheduler.AddCPU(cpu)
	v := g.d.VCPU(1)
	g.d.Group.Init()
	require.Zero(g.t, machine.Scheduler.Add(h, &v.Entity, &g.d.Group, 1<<cpu, machine.Now()))
	machine.Scheduler.Unpause(h, &v.Entity, machine.Now())
	machine.Scheduler.Pick(h, cpu, machine.Now())
	require.True(g.t, v.Entity.OnCPU())
	shootdown.Online(h)
	kicked = func(int) { kick(h) }
	g.t.Cleanup(func() {
		kicked = func(int) {}
		shootdown.Offline(h)
		machine.Scheduler.Pause(h, &v.Entity, machine.Now())
		machine.Scheduler.Pick(h, cpu, machine.Now())
		machine.Scheduler.Left(h, cpu, machine.Now())
		require.False(g.t, v.Entity.OnCPU())
		machine.Scheduler.Remove(h, &v.Entity)
	})
}

// The granter sees its frame free only when no CPU has a translation of it any more: entries
// are cleared before the flush, and marks stay till after it. One flush is enough for a list.
func TestFlushBeforeTheMarkGoes(t *testing.T) {
	p := newPair(t)
	p.grant(9, 3, 0)
	flushes := 0
	p.user.elsewhere(func(h *lock.Holder) {
		flushes++
		assert.NotZero(t, p.marks(9), "the granter believes that its frame is free")
		for i := range 3 {
			assert.Zero(t, p.user.entry(p.user.l1, room0+i), "a CPU that flushes now has the translation again")
		}
		assert.Equal(t, okay, read[hypercall.GnttabUnmapGrantRef](p.user, 0).Status, "the list can't be written to when it is in what is unmapped")
		shootdown.Serve(h)
	})
	var list []hypercall.GnttabUnmapGrantRef
	for i := range 3 {
		op := p.mapAt(room0+i, 9, hostMap)
		require.Equal(t, okay, op.Status)
		list = append(list, hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr, Handle: op.Handle})
	}
	assert.Zero(t, flushes, "a map needs none")
	assert.Zero(t, p.user.call(grantCall, hypercall.GNTTABOP_unmap_grant_ref, p.user.write(0, list), uint64(len(list))))
	assert.Equal(t, 1, flushes)
	assert.Zero(t, p.marks(9))
}
