package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/machine"
)

// tucoFeatures has a bit for each extension that guests may use.
const tucoFeatures = 1 << hypercall.TUCOFEAT_update_ring

// tucoOp is tuco_op, which Xen does not have.
//
// EFAULT. ENOSYS: no such command. EPERM: how long CPUs were idle is not for this domain to know. The errors of a ring's commands are with those.
func tucoOp(v *domain.VCPU, a *hypercall.Args) int64 {
	c := a.TucoOp()
	switch c.Cmd {
	case hypercall.TUCOOP_features:
		f := hypercall.TucoFeatures{Version: hypercall.TUCO_VERSION, Features: tucoFeatures}
		return given(put(v, c.Arg, &f))
	case hypercall.TUCOOP_exits:
		n := countExits(v)
		return given(put(v, c.Arg, &n))
	case hypercall.TUCOOP_ring_register:
		return registerRing(v, c.Arg)
	case hypercall.TUCOOP_ring_unregister:
		return unregisterRing(v)
	case hypercall.TUCOOP_ring_kick:
		return kickRing(v, uint64(c.Arg))
	case hypercall.TUCOOP_idle:
		if !v.Domain.Privileged && !machine.Counts {
			return fail(hypercall.EPERM)
		}
		return given(put(v, c.Arg, &hypercall.TucoIdle{Ticks: machine.Idled()}))
	}
	return fail(hypercall.ENOSYS)
}

// countExits says how often a vCPU has left its container, and for what sort of reason.
func countExits(v *domain.VCPU) (n hypercall.TucoExits) {
	for reason, times := range &v.Exits {
		n.Total += times
		switch exit.Reason(reason) {
		case exit.Hypercall:
			n.Hypercalls += times
		case exit.Exception, exit.SoftwareInterrupt:
			n.Exceptions += times
		case exit.Interrupt, exit.NMI:
			n.Interrupts += times
		case exit.CRRead, exit.CRWrite, exit.DRRead, exit.DRWrite, exit.MSRRead, exit.MSRWrite, exit.Port, exit.CPUID,
			exit.HLT, exit.Pause, exit.Monitor, exit.MWait, exit.INVD, exit.WBINVD, exit.INVLPG, exit.INVPCID, exit.RDTSC,
			exit.RDTSCP, exit.RDPMC, exit.RDPRU, exit.XSETBV, exit.VirtualInstruction, exit.DescriptorTable, exit.IRET,
			exit.Flags, exit.RSM:
			n.Instructions += times
		default:
			n.Others += times
		}
	}
	return n
}
