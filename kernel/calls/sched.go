package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
	"tuco/kernel/pv"
)

// schedOp is sched_op.
//
// EFAULT. EINVAL: no such reason of a shutdown. ENOSYS: no such command.
func schedOp(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.SchedOp()
	switch s.Cmd {
	case hypercall.SCHEDOP_yield:
		machine.Yield(v)
		return 0
	case hypercall.SCHEDOP_block:
		pv.Block(v)
		return 0
	case hypercall.SCHEDOP_shutdown:
		return shutdown(v, s.Arg)
	}
	return fail(hypercall.ENOSYS)
}

func shutdown(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.SchedShutdown
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.Reason > hypercall.SHUTDOWN_MAX {
		return fail(hypercall.EINVAL)
	}
	if s.Reason == hypercall.SHUTDOWN_crash {
		pv.Report(v, "the guest says that it has crashed")
	}
	machine.Shutdown(v.Holder(), v.Domain, s.Reason)
	return 0
}
