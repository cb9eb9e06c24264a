package trap

import (
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/trace"
	"tuco/kernel/x86"
)

// While exits are recorded each is served here, between two records: what it was, and how long it took. So the
// loop itself has one test for both.

// traceHypercall serves the exit of a hypercall's instruction.
//
//go:noinline
func traceHypercall(v *domain.VCPU) {
	r := &v.Container.Regs.GPR
	kind := v.Domain.Kind
	if kind.IsHypercall == nil || kind.IsHypercall(v) {
		emit(v, trace.Hypercall, r[exit.RAX]&low|r[exit.RSI]<<32, r[exit.RDI])
	} else {
		emit(v, trace.Exit, uint64(exit.Hypercall), v.Container.RIP())
	}
	start := x86.RDTSC()
	if v.Ring.Live() && v.Ring.Behind() && !drain(v, exit.Hypercall) {
		return // it has not begun
	}
	result := kind.Hypercall(v)
	r[exit.RAX] = result
	served(v, start, result)
}

// traceExit serves every other exit.
//
//go:noinline
func traceExit(v *domain.VCPU, reason exit.Reason) {
	if reason == exit.Exception {
		vector, code, linear := v.Container.Exception()
		at := v.Container.RIP()
		if vector == x86.VectorPF {
			at = uint64(linear)
		}
		emit(v, trace.Exception, uint64(vector)|uint64(code)<<32, at)
	} else {
		emit(v, trace.Exit, uint64(reason), v.Container.RIP())
	}
	start := x86.RDTSC()
	if !v.Ring.Waiting() || drain(v, reason) {
		handle(v, reason)
	}
	served(v, start, 0)
}

// low is the lower half of a word.
const low = 1<<32 - 1

func emit(v *domain.VCPU, e trace.Event, a, b uint64) { trace.Emit(v.CPU.ID, e, v.Name, a, b) }

// served records the end. The vCPU is on this CPU still.
func served(v *domain.VCPU, start, result uint64) {
	emit(v, trace.Served, x86.RDTSC()-start, result)
}
