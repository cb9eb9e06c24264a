package trap

import (
	"tuco/hypercall"
	"tuco/kernel/create"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
	"tuco/kernel/percpu"
	"tuco/kernel/sched"
	"tuco/kernel/shootdown"
	"tuco/kernel/x86"
)

// reapEvery is how often a CPU goes on with the end of domains where all have vCPUs to
// run, in nanoseconds.
const reapEvery = 1_000_000

// turn is how long a vCPU runs before the scheduler is asked again where it has no wish of its own to be, since nobody waits for the CPU, in nanoseconds. An emulator
// that runs one CPU after the other may go on to the next only at a PAUSE or a HLT (QEMU with -icount): this is where a guest that
// makes neither comes to the PAUSE of x86.ServiceInterrupts. With one CPU there is nobody to be left behind.
const turn = 10_000_000

// Schedule runs on this CPU what the scheduler says, for good.
func Schedule(cpu *percpu.CPU) {
	h := &cpu.Locks
	for {
		machine.BeginRound(h)
		machine.TakePick(h)
		d := machine.Scheduler.Pick(h, cpu.ID, machine.Now())
		if d.Leaves != nil {
			switchOff(machine.VCPUAt(d.Leaves.Arg))
			d.Kick |= machine.Scheduler.Left(h, cpu.ID, machine.Now())
		}
		machine.Kick(h, d.Kick)
		more := create.Reap(h)
		if more && d.Next != nil && !machine.KickIdle(h) {
			d.Until = min(d.Until, machine.Now()+reapEvery)
		} else if d.Next != nil && d.Until == sched.Never && percpu.Count() > 1 {
			d.Until = machine.Now() + turn
		}
		machine.SetSlice(h, d.Until)
		if d.Next == nil {
			if more {
				x86.ServiceInterrupts()
			} else {
				idle(cpu)
			}
			continue
		}
		v := machine.VCPUAt(d.Next.Arg)
		if machine.Current(h) != v {
			switchOn(cpu, v)
		}
		v.Leave = false
		if v.Polling {
			machine.EndPoll(v)
		}
		if machine.Picked(h) {
			continue // asked for while the vCPU could not be made to leave
		}
		Run(v)
	}
}

// idle waits for an interrupt, unless there is reason to ask the scheduler.
func idle(cpu *percpu.CPU) {
	h := &cpu.Locks
	if machine.Picked(h) {
		return
	}
	shootdown.Idle(h)
	begin := x86.RDTSC()
	x86.Idle()
	machine.AddIdle(h, x86.RDTSC()-begin)
	shootdown.Online(h)
}

// switchOn puts a vCPU on this CPU.
func switchOn(cpu *percpu.CPU, v *domain.VCPU) {
	h := &cpu.Locks
	Load(cpu, v)
	machine.SetCurrent(h, v)
	if v.Timers.Enter(h, machine.Now()) {
		machine.RaiseVIRQ(h, v, hypercall.VIRQ_TIMER)
	}
	machine.WriteRunstate(v)
}

// switchOff takes it off. Until the scheduler hears that it has left, it counts as
// being here, so that its memory can still be reached.
func switchOff(v *domain.VCPU) {
	h := v.Holder()
	v.Timers.Leave(h)
	machine.WriteRunstate(v)
	machine.SetCurrent(h, nil)
	Unload(v)
}
