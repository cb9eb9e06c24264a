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
	}
	return fail(hypercall.ENOSYS)
}

// machineFigures are those of CONTROLOP_machine.
func machineFigures(v *domain.VCPU) hypercall.ControlMachine {
	var s pmm.Stats
	machine.RAM.Stats(v.Holder(), &s)
	return hypercall.ControlMachine{
		CPUs: uint32(percpu.Count()), Domains: machine.Domains(), Total: s.Total, Free: s.Free,
		Kept: machine.PoolFrames(v.Holder()), Uptime: machine.Now(),
	}
}
