package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
	"tuco/kernel/exit"
	"tuco/kernel/machine"
)

const tucoCall = hypercall.HYPERVISOR_tuco_op

func TestTucoFeatures(t *testing.T) {
	g := newGuest(t, false)
	assert.Zero(t, g.call(tucoCall, hypercall.TUCOOP_features, g.at(0)))
	assert.Equal(t, hypercall.TucoFeatures{Version: hypercall.TUCO_VERSION, Features: tucoFeatures}, read[hypercall.TucoFeatures](g, 0))
}

// Each reason is of one sort.
func TestTucoExits(t *testing.T) {
	g := newGuest(t, false)
	for reason := range g.v.Exits {
		g.v.Exits[reason] = 1 << reason
	}
	assert.Zero(t, g.call(tucoCall, hypercall.TUCOOP_exits, g.at(0)))
	n := read[hypercall.TucoExits](g, 0)
	assert.Equal(t, ^uint64(0), n.Total)
	assert.Equal(t, n.Total, n.Hypercalls|n.Exceptions|n.Instructions|n.Interrupts|n.Others)
	assert.Equal(t, n.Total, n.Hypercalls+n.Exceptions+n.Instructions+n.Interrupts+n.Others)
	assert.Equal(t, uint64(1<<exit.Hypercall), n.Hypercalls)
	assert.Equal(t, uint64(1<<exit.Exception|1<<exit.SoftwareInterrupt), n.Exceptions)
	assert.Equal(t, uint64(1<<exit.Interrupt|1<<exit.NMI), n.Interrupts)
	assert.NotZero(t, n.Instructions&(1<<exit.CPUID))
	assert.NotZero(t, n.Others&(1<<exit.Unknown))
}

// How long CPUs were idle is for privileged domains, or for all where the command line says so.
func TestTucoIdle(t *testing.T) {
	t.Cleanup(func() { machine.Counts = false })
	privileged, other := newGuest(t, true), newGuest(t, false)
	before := machine.Idled()
	machine.AddIdle(privileged.v.Holder(), 1000)
	machine.AddIdle(privileged.v.Holder(), 234)
	assert.Zero(t, privileged.call(tucoCall, hypercall.TUCOOP_idle, privileged.at(0)))
	assert.Equal(t, before+1234, read[hypercall.TucoIdle](privileged, 0).Ticks)
	assert.Equal(t, failed(hypercall.EPERM), other.call(tucoCall, hypercall.TUCOOP_idle, other.at(0)))
	machine.Counts = true
	assert.Zero(t, other.call(tucoCall, hypercall.TUCOOP_idle, other.at(0)))
	assert.Equal(t, before+1234, read[hypercall.TucoIdle](other, 0).Ticks)
	assert.Equal(t, failed(hypercall.EFAULT), other.call(tucoCall, hypercall.TUCOOP_idle, bad))
}

func TestTucoOpRefused(t *testing.T) {
	g := newGuest(t, false)
	for _, cmd := range []uint64{hypercall.TUCOOP_features, hypercall.TUCOOP_exits} {
		assert.Equal(t, failed(hypercall.EFAULT), g.call(tucoCall, cmd, bad))
		assert.Zero(t, g.call(tucoCall, 1<<32|cmd, g.at(0)), "a command has 32 bits")
	}
	assert.Equal(t, failed(hypercall.ENOSYS), g.call(tucoCall, 99, g.at(0)))
}
