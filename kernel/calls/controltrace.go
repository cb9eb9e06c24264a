package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/percpu"
	"tuco/kernel/trace"
)

// setTrace is CONTROLOP_trace. If the caller can't be told what was recorded before, nothing changes.
//
// EINVAL: a flag or a class that there is not.
func setTrace(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.ControlTrace
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	set := s.Flags&hypercall.CONTROLTRACE_set != 0
	if s.Flags&^hypercall.CONTROLTRACE_set != 0 || set && s.Classes&^trace.Known != 0 {
		return fail(hypercall.EINVAL)
	}
	wanted := s.Classes
	s.CPUs, s.Classes, s.Known = uint32(percpu.Count()), trace.Enabled(), trace.Known
	if !put(v, arg, &s) {
		return fail(hypercall.EFAULT)
	}
	if set {
		trace.Enable(wanted)
	}
	return 0
}

// traceBuffer is CONTROLOP_trace_buffer. ENOENT: there is no such CPU, or it has no buffer.
func traceBuffer(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.ControlTraceBuffer
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	first, n := trace.Frames(int(s.CPU))
	if s.CPU >= uint32(percpu.Count()) || n == 0 {
		return fail(hypercall.ENOENT)
	}
	s.Frames, s.First = uint32(n), hypercall.XenPFN(first)
	return given(put(v, arg, &s))
}
