package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
	"tuco/kernel/percpu"
	"tuco/kernel/pmm"
)

// controlOp is control_op, by which the control domain rules the others.
//
// EPERM: the caller is not privileged, whatever else is wrong. EACCES: the version is
// another one. EFAULT. ENOSYS: no such command. The errors of a command are with it.
func controlOp(v *domain.VCPU, a *hypercall.Args) int64 {
	if e := over(v); e != 0 {
		return fail(e)
	}
	c := a.ControlOp()
	if c.Version != hypercall.CONTROL_VERSION && c.Cmd != hypercall.CONTROLOP_version {
		return fail(hypercall.EACCES)
	}
	switch c.Cmd {
	case hypercall.CONTROLOP_version:
		s := hypercall.ControlVersion{
			Version: hypercall.CONTROL_VERSION, MaxDomains: machine.MaxDomains, MaxVCPUs: domain.MaxVCPUs,
		}
		return given(put(v, c.Arg, &s))
	case hypercall.CONTROLOP_machine:
		s := machineFigures(v)
		return given(put(v, c.Arg, &s))
	case hypercall.CONTROLOP_list:
		return listDomains(v, c.Arg)
	case hypercall.CONTROLOP_vcpu:
		return listVCPU(v, c.Arg)
	case hypercall.CONTROLOP_create:
		return createDomain(v, c.Arg)
	case hypercall.CONTROLOP_destroy:
		return destroyDomain(v, c.Arg)
	case hypercall.CONTROLOP_pause:
		return pauseDomain(v, c.Arg)
	case hypercall.CONTROLOP_unpause:
		return unpauseDomain(v, c.Arg)
	case hypercall.CONTROLOP_max_memory:
		return setMaxMemory(v, c.Arg)
	case hypercall.CONTROLOP_schedule:
		return setSchedule(v, c.Arg)
	case hypercall.CONTROLOP_set_context:
		return setContext(v, c.Arg)
	case hypercall.CONTROLOP_message:
		return newMessage(v, c.Arg)
	case hypercall.CONTROLOP_trace:
		return setTrace(v, c.Arg)
	case hypercall.CONTROLOP_trace_buffer:
		return traceBuffer(v, c.Arg)
	case hypercall.CONTROLOP_ports:
		return changePorts(v, c.Arg)
	case hypercall.CONTROLOP_io_memory:
		return changeIOMemory(v, c.Arg)
	}
	return fail(hypercall.ENOSYS)
}

// target is the domain that a command is about. ESRCH: there is none, or it is another by now.
func target(t *hypercall.ControlTarget) (*domain.Domain, hypercall.Errno) {
	d := machine.Find(domain.ID(t.DomID))
	if d == nil || t.Serial != 0 && d.Serial.Load() != t.Serial {
		return nil, hypercall.ESRCH
	}
	return d, 0
}

// machineFigures are those of CONTROLOP_machine.
func machineFigures(v *domain.VCPU) hypercall.ControlMachine {
	var s pmm.Stats
	machine.RAM.Stats(v.Holder(), &s)
	return hypercall.ControlMachine{
		CPUs: uint32(percpu.Count()), Domains: machine.Domains(), Total: s.Total, Free: s.Free,
		Kept: machine.KeptFrames(v.Holder()), Uptime: machine.Now(),
	}
}
