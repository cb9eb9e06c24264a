package trap

import (
	"tuco/kernel/container"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/percpu"
	"tuco/kernel/trace"
	"tuco/kernel/x86"
)

// RunVCPU runs the vCPU on this CPU until a handler or an interrupt sets
// v.Leave.
func RunVCPU(cpu *percpu.CPU, v *domain.VCPU) {
	Load(cpu, v)
	v.Leave = false
	Run(v)
	Unload(v)
}

// Load puts a vCPU on this CPU.
func Load(cpu *percpu.CPU, v *domain.VCPU) {
	v.CPU = cpu
	v.BeginMemory(&cpu.Locks)
	v.Container.Load(cpu.ID)
}

// Unload takes it off.
func Unload(v *domain.VCPU) {
	v.Container.Unload()
	v.CPU = nil
}

// Run runs a vCPU that is loaded until v.Leave is set. It is set when Run
// returns.
//
// A hypercall is served in the loop itself, with the guest past the
// instruction.
func Run(v *domain.VCPU) {
	// Their packages are imported by name: of others the compiler inlines nothing.
	var c *container.Container = &v.Container
	var ring *mm.Ring = &v.Ring
	hypercall := v.Domain.Kind.Hypercall
	for !v.Leave {
		// One condition at a time: the compiler makes jumps of these, and of two in one a number first.
		if v.Wants.Load() != 0 {
			if !prepare(v) {
				continue
			}
		} else if v.Upcall() {
			v.Domain.Kind.Upcall(v)
			if v.Leave {
				continue
			}
		}
		if !c.Enter() {
			other(v, c.Reason())
			continue
		}
		v.Exits[exit.Hypercall]++
		if trace.Enabled()&(1<<trace.ClassExit) != 0 {
			traceHypercall(v)
			continue
		}
		if ring.Live() {
			if ring.Behind() {
				if !drain(v, exit.Hypercall) {
					continue
				}
			}
		}
		c.Regs.GPR[exit.RAX] = hypercall(v)
	}
}

// other serves an exit that is no hypercall.
func other(v *domain.VCPU, reason exit.Reason) {
	v.Exits[reason%exit.ReasonLimit]++
	if trace.Enabled()&(1<<trace.ClassExit) != 0 {
		traceExit(v, reason)
		return
	}
	if !v.Ring.Waiting() || drain(v, reason) {
		handle(v, reason)
	}
}

// drain makes the page-table updates that wait in the vCPU's ring, before its exit is served: a hypercall is to find all of them
// made. False: it does not begin before the rest is made, for which others have their turn first. Every other exit is
// served with what a step's budget allows; the rest waits for the next exit.
//
//go:noinline
func drain(v *domain.VCPU, reason exit.Reason) (serve bool) {
	if reason == exit.Interrupt {
		x86.ServiceInterrupts() // which has waited already
	}
	if machine.DrainRing(v, v) || reason != exit.Hypercall {
		return true
	}
	v.Want(domain.WantRing)
	return false
}

// prepare does what a vCPU wants before it is entered. False: look again
// whether it is to be entered.
func prepare(v *domain.VCPU) bool {
	switch wants := v.Wants.Load(); {
	case wants&domain.WantRing != 0:
		return drainOn(v)
	case wants&domain.WantCall != 0:
		return proceed(v)
	}
	v.Domain.Kind.Prepare(v)
	return !v.Leave
}

// drainOn goes on with draining the ring of a vCPU whose hypercall waits for that, after the host got its turn; and then
// serves the hypercall.
func drainOn(v *domain.VCPU) bool {
	x86.ServiceInterrupts()
	if v.Leave {
		return false // and comes back here
	}
	if machine.DrainRing(v, v) {
		v.Wants.And(^uint32(domain.WantRing))
		v.Container.Regs.GPR[exit.RAX] = v.Domain.Kind.Hypercall(v)
	}
	return false
}

// proceed makes a hypercall again that has stopped at its budget, after the
// host got its turn. It is a step of one call to the guest, which sees no event
// before it is over.
func proceed(v *domain.VCPU) bool {
	x86.ServiceInterrupts()
	if v.Leave {
		return false // and comes back here
	}
	if rax, over := v.Domain.Kind.Proceed(v); over {
		v.Wants.And(^uint32(domain.WantCall))
		v.Container.Regs.GPR[exit.RAX] = rax
	}
	return false
}

// handle serves every other exit.
func handle(v *domain.VCPU, reason exit.Reason) {
	switch reason {
	case exit.Exception:
		v.Domain.Kind.Exception(v)
	case exit.SoftwareInterrupt:
		v.Domain.Kind.Software(v)
	case exit.Interrupt:
		x86.ServiceInterrupts()
	case exit.NMI:
		// The processor has let it in already, on its own stack.
	case exit.Unknown, exit.Invalid:
		describe(v)
		v.Domain.Kind.Broken(v)
	default:
		describe(v)
		v.Domain.Kind.Exit(v)
	}
}

// describe fills in v.Info.
func describe(v *domain.VCPU) {
	v.Container.Decode(&v.Info, func(rip uint64) exit.Code { return v.Domain.Kind.Code(v, rip) })
}
