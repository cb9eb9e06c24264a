package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
)

// vcpuOp is vcpu_op.
//
// ENOENT: there is no such vCPU. EFAULT. ENOSYS: no such command.
func vcpuOp(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.VCPUOp()
	t := v.Domain.VCPU(s.VCPU)
	if t == nil {
		return fail(hypercall.ENOENT)
	}
	switch s.Cmd {
	case hypercall.VCPUOP_initialise:
		return initialise(v, t, s.Arg)
	case hypercall.VCPUOP_up:
		return up(v, t)
	case hypercall.VCPUOP_down:
		return down(v, t)
	case hypercall.VCPUOP_is_up:
		if t.Up.Load() {
			return 1
		}
		return 0
	case hypercall.VCPUOP_get_runstate_info:
		return getRunstate(v, t, s.Arg)
	case hypercall.VCPUOP_register_runstate_memory_area:
		return registerRunstate(v, t, s.Arg)
	case hypercall.VCPUOP_set_periodic_timer:
		return setPeriodic(v, t, s.Arg)
	case hypercall.VCPUOP_stop_periodic_timer:
		t.Timers.StopPeriodic(v.Holder())
		return 0
	case hypercall.VCPUOP_set_singleshot_timer:
		return setSingle(v, t, s.Arg)
	case hypercall.VCPUOP_stop_singleshot_timer:
		return stopSingle(v, t)
	case hypercall.VCPUOP_register_vcpu_info:
		return registerInfo(v, t, s.Arg)
	case hypercall.VCPUOP_send_nmi:
		return sendNMI(v, t, s.Arg)
	case hypercall.VCPUOP_register_vcpu_time_memory_area:
		return registerTime(v, t, s.Arg)
	case hypercall.VCPUOP_get_physid:
		return fail(hypercall.EINVAL) // no vCPU is tied to a CPU
	}
	return fail(hypercall.ENOSYS)
}

// up is VCPUOP_up. EINVAL: the vCPU has not been initialised.
func up(v, t *domain.VCPU) int64 {
	if !t.Claim() {
		return domain.Continue
	}
	e := hypercall.EINVAL
	if t.Initialised {
		machine.Start(v.Holder(), t)
		e = 0
	}
	t.Release()
	return fail(e)
}

// down is VCPUOP_down.
func down(v, t *domain.VCPU) int64 {
	if !t.Claim() {
		return domain.Continue
	}
	machine.Stop(v.Holder(), t)
	t.Release()
	return 0
}

// sendNMI is VCPUOP_send_nmi. EINVAL: it has an argument, and takes none.
func sendNMI(v, t *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	if arg != 0 {
		return fail(hypercall.EINVAL)
	}
	t.Want(domain.WantNMI)
	machine.Wake(v.Holder(), t)
	return 0
}
