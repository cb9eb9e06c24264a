package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/pv"
	"tuco/kernel/trace"
)

// good are commands about a domain that would change something if a privileged domain made them.
func good(a *guest) map[uint64]any {
	t := a.target()
	return map[uint64]any{
		hypercall.CONTROLOP_create:      hypercall.ControlCreate{MaxPages: 100, VCPUs: 1, Weight: 1},
		hypercall.CONTROLOP_destroy:     t,
		hypercall.CONTROLOP_pause:       t,
		hypercall.CONTROLOP_unpause:     t,
		hypercall.CONTROLOP_max_memory:  hypercall.ControlMaxMemory{Target: t, Pages: 77},
		hypercall.CONTROLOP_schedule:    hypercall.ControlSchedule{Target: t, Weight: 77, Cap: 7},
		hypercall.CONTROLOP_set_context: hypercall.ControlContext{Target: t},
		hypercall.CONTROLOP_message:     hypercall.ControlMessage{Target: t},
		hypercall.CONTROLOP_trace:       hypercall.ControlTrace{Flags: hypercall.CONTROLTRACE_set, Classes: 3},
		hypercall.CONTROLOP_ports:       hypercall.ControlPorts{Target: t, First: 0x6000, Last: 0x6001, Flags: hypercall.CONTROLPORTS_give},
		hypercall.CONTROLOP_io_memory:   hypercall.ControlIOMemory{Target: t, First: uint64(devices.Start), Count: 1, Flags: hypercall.CONTROLIOMEMORY_give},
	}
}

// A domain without rights changes nothing by what would be in order, and a privileged one nothing by what is not: of another version, about another
// domain, or nowhere to be read.
func TestControlRefusedChangesNothing(t *testing.T) {
	g, tenant, a := newGuest(t, true), newGuest(t, false), newSubject(t)
	h := g.v.Holder()
	before, classes := g.listed(0, 10), trace.Enabled()
	unchanged := func(what string, cmd uint64) {
		t.Helper()
		assert.Equal(t, before, g.listed(0, 10), "%s, command %d", what, cmd)
		assert.Equal(t, classes, trace.Enabled(), "%s, command %d", what, cmd)
		assert.Equal(t, hypercall.ENOENT, pv.TakePorts(h, a.d.ID, 0x6000, 0x6001), "%s, command %d", what, cmd)
		assert.Equal(t, hypercall.ENOENT, machine.TakeDevice(h, a.d, frame.Between(devices.Start, devices.Start+1)), "%s, command %d", what, cmd)
		assert.False(t, a.v.Initialised)
	}
	about := []uint64{hypercall.CONTROLOP_version, hypercall.CONTROLOP_machine, hypercall.CONTROLOP_list, hypercall.CONTROLOP_vcpu, hypercall.CONTROLOP_trace_buffer}
	all := good(a)
	assert.Len(t, hypercall.Table[controlCall].Ops, len(all)+len(about), "a command is missing here")
	for cmd, arg := range all {
		assert.Equal(t, failed(hypercall.EPERM), tenant.control(cmd, arg))
		unchanged("without rights", cmd)
		assert.Equal(t, failed(hypercall.EACCES), g.call(controlCall, hypercall.CONTROL_VERSION+1, cmd, g.write(0, arg)))
		unchanged("of another version", cmd)
		assert.Equal(t, failed(hypercall.EFAULT), g.call(controlCall, hypercall.CONTROL_VERSION, cmd, bad))
		unchanged("nowhere", cmd)
	}
	serial := a.d.Serial.Load()
	a.d.Serial.Store(serial + 1)
	stale := good(a)
	a.d.Serial.Store(serial)
	for cmd, arg := range stale {
		switch cmd {
		case hypercall.CONTROLOP_create, hypercall.CONTROLOP_trace: // which are about no domain
		default:
			assert.Equal(t, failed(hypercall.ESRCH), g.control(cmd, arg), "command %d", cmd)
			unchanged("about a domain that is gone", cmd)
		}
	}
}
