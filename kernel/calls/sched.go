package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/machine"
	"tuco/kernel/pv"
)

// schedOp is sched_op.
//
// EFAULT. ENOSYS: no such command.
func schedOp(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.SchedOp()
	switch s.Cmd {
	case hypercall.SCHEDOP_yield:
		machine.Yield(v)
		return 0
	case hypercall.SCHEDOP_block:
		pv.Block(v)
		return 0
	case hypercall.SCHEDOP_poll:
		return poll(v, s.Arg)
	case hypercall.SCHEDOP_shutdown:
		return shutdown(v, s.Arg)
	case hypercall.SCHEDOP_shutdown_code:
		return shutdownCode(v, s.Arg)
	case hypercall.SCHEDOP_remote_shutdown:
		return remoteShutdown(v, s.Arg)
	case hypercall.SCHEDOP_watchdog:
		return watchdog(v, s.Arg)
	}
	return fail(hypercall.ENOSYS)
}

// poll is SCHEDOP_poll.
//
// EINVAL: more than 128 ports, or one that does not exist.
func poll(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.SchedPoll
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.NrPorts > evtchn.MaxPollPorts {
		return fail(hypercall.EINVAL)
	}
	ports := room(v).ports[:s.NrPorts]
	if !getAll(v, ports, s.Ports) {
		return fail(hypercall.EFAULT)
	}
	return fail(machine.Poll(v, ports, s.Timeout))
}

// watchdog is SCHEDOP_watchdog.
//
// EINVAL: there is no such watchdog, or it was not taken. ENOSPC: none is free.
func watchdog(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.SchedWatchdog
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	id, e := v.Domain.Watchdogs.Set(v.Holder(), machine.Now(), s.ID, s.Timeout)
	if e != 0 {
		return fail(e)
	}
	return int64(id)
}
