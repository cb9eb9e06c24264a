package calls

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
	"tuco/kernel/percpu"
	"tuco/kernel/pmm"
	"tuco/kernel/trace"
)

// traced gives CPU 0 a trace buffer of two frames for the length of a test, shared as at boot, and tells the first.
func traced(t *testing.T) frame.MFN {
	const order = 1
	h := &percpu.Get(0).Locks
	m, r := machine.RAM.Alloc(h, order, pmm.Anywhere)
	require.Equal(t, pmm.OK, r)
	require.True(t, trace.Attach(0, m, memory[m.Addr():][:frame.PageSize<<order]))
	machine.ShareReadOnly(trace.Frames(0))
	before := trace.Enabled()
	t.Cleanup(func() {
		trace.Enable(before)
		trace.Attach(0, 0, nil)
		for k := range frame.MFN(1 << order) {
			i := machine.RAM.Info(m + k)
			assert.EqualValues(t, 1, i.Ref.Load()&(1<<44-1), "somebody has it mapped still")
			i.Ref.Store(0)
			i.Type.Store(0)
		}
		require.Equal(t, pmm.OK, machine.RAM.Free(h, m, order))
	})
	return m
}

func TestControlTrace(t *testing.T) {
	traced(t)
	g := newGuest(t, true)
	trace.Enable(1)
	ask := func(flags uint32, classes uint64) (hypercall.ControlTrace, int64) {
		result := g.control(hypercall.CONTROLOP_trace, hypercall.ControlTrace{Flags: flags, Classes: classes})
		return read[hypercall.ControlTrace](g, 0), result
	}
	s, result := ask(0, 1<<63)
	require.Zero(t, result)
	assert.Equal(t, hypercall.ControlTrace{CPUs: uint32(percpu.Count()), Classes: 1, Known: trace.Known}, s)
	for _, bad := range []hypercall.ControlTrace{
		{Flags: 2}, {Flags: 1 << 31}, {Flags: 1, Classes: trace.Known + 1}, {Flags: 1, Classes: 1 << 63}, {Flags: 3},
	} {
		_, result = ask(bad.Flags, bad.Classes)
		assert.Equal(t, failed(hypercall.EINVAL), result, bad)
		assert.EqualValues(t, 1, trace.Enabled())
	}
	s, result = ask(hypercall.CONTROLTRACE_set, 6)
	require.Zero(t, result)
	assert.EqualValues(t, 1, s.Classes, "what was recorded till now")
	assert.EqualValues(t, 6, trace.Enabled())

	// Who can't be told changes nothing.
	page := uint64(2 * frame.PageSize)
	g.write(page, hypercall.ControlTrace{Flags: hypercall.CONTROLTRACE_set})
	require.Zero(t, g.update(g.l1, 2, pagetype.MakePTE(g.pages[2], leaf)))
	assert.Equal(t, failed(hypercall.EFAULT), g.call(controlCall, hypercall.CONTROL_VERSION, hypercall.CONTROLOP_trace, g.at(page)))
	assert.EqualValues(t, 6, trace.Enabled())
}

// A privileged domain maps the buffers to read them, and nobody does anything else with them.
func TestControlTraceBuffer(t *testing.T) {
	first := traced(t)
	g, tenant := newGuest(t, true), newGuest(t, false)
	require.Zero(t, g.control(hypercall.CONTROLOP_trace_buffer, hypercall.ControlTraceBuffer{}))
	s := read[hypercall.ControlTraceBuffer](g, 0)
	assert.Equal(t, hypercall.ControlTraceBuffer{Frames: 2, First: hypercall.XenPFN(first)}, s)
	for _, cpu := range []uint32{uint32(percpu.Count()), 31, 32, 1 << 31, 1<<32 - 1} {
		assert.Equal(t, failed(hypercall.ENOENT), g.control(hypercall.CONTROLOP_trace_buffer, hypercall.ControlTraceBuffer{CPU: cpu}), cpu)
	}

	mapped := func(by *guest, e pagetype.PTE, owner hypercall.DomID) int64 {
		list := by.write(64, slot(by.l1, 100), uint64(e))
		return by.call(mmuUpdateCall, list, 1, 0, uint64(owner))
	}
	assert.Equal(t, failed(hypercall.EPERM), mapped(tenant, pagetype.MakePTE(first, leaf), hypercall.DOMID_XEN))
	for _, owner := range []hypercall.DomID{hypercall.DOMID_SELF, hypercall.DOMID_IO} {
		assert.NotZero(t, mapped(g, pagetype.MakePTE(first, leaf), owner), "under another name")
	}
	assert.NotZero(t, mapped(g, pagetype.MakePTE(first, table), hypercall.DOMID_XEN), "to write to")
	assert.NotZero(t, mapped(g, pagetype.MakePTE(first+2, leaf), hypercall.DOMID_XEN), "what is behind it")
	assert.NotZero(t, mapped(g, pagetype.MakePTE(hypervisorFrame, leaf), hypercall.DOMID_XEN), "another frame of the hypervisor's")
	for k := range frame.MFN(2) {
		require.Zero(t, mapped(g, pagetype.MakePTE(first+k, leaf), hypercall.DOMID_XEN))
		assert.NotZero(t, mapped(g, pagetype.MakePTE(first+k, table), hypercall.DOMID_XEN), "a mapping gets a right")
	}
	for level, cmd := range []uint32{hypercall.MMUEXT_PIN_L1_TABLE, hypercall.MMUEXT_PIN_L2_TABLE, hypercall.MMUEXT_PIN_L3_TABLE, hypercall.MMUEXT_PIN_L4_TABLE} {
		pin := g.write(256, hypercall.MMUExtOp{Cmd: cmd, Arg1: uint64(first)})
		for _, owner := range []hypercall.DomID{hypercall.DOMID_SELF, hypercall.DOMID_XEN} {
			assert.NotZero(t, g.call(hypercall.HYPERVISOR_mmuext_op, pin, 1, 0, uint64(owner)), "a table of level %d", level+1)
		}
	}
	assert.NotZero(t, g.call(hypercall.HYPERVISOR_set_gdt, g.write(256, uint64(first)), 512), "descriptors")

	// What the CPU records is there to be read, and what a guest passes as room for an answer is refused there.
	trace.Enable(trace.Known)
	trace.Emit(0, trace.Mark, trace.NoVCPU, 17, 18)
	header := (*hypercall.ControlTraceHeader)(unsafe.Pointer(&memory[first.Addr()]))
	assert.EqualValues(t, hypercall.CONTROLTRACE_MAGIC, header.Magic)
	assert.EqualValues(t, 1, header.Produced)
	assert.Equal(t, failed(hypercall.EFAULT), g.call(controlCall, hypercall.CONTROL_VERSION, hypercall.CONTROLOP_version, g.at(100*frame.PageSize)))
	assert.EqualValues(t, hypercall.CONTROLTRACE_MAGIC, header.Magic)
}
