package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
)

// setTimerOp is set_timer_op.
func setTimerOp(v *domain.VCPU, a *hypercall.Args) int64 {
	v.Timers.SetTimer(v.Holder(), machine.Now(), a.SetTimerOp())
	return 0
}

// setPeriodic is VCPUOP_set_periodic_timer. EINVAL: a period below a millisecond, or
// an absurd one.
func setPeriodic(v, t *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.VCPUSetPeriodicTimer
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	return fail(t.Timers.SetPeriodic(v.Holder(), machine.Now(), s.PeriodNS))
}

// setSingle is VCPUOP_set_singleshot_timer.
//
// EINVAL: another vCPU's. ETIME: the time has passed, and the caller said that it
// must not have.
func setSingle(v, t *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	if t != v {
		return fail(hypercall.EINVAL)
	}
	var s hypercall.VCPUSetSingleshotTimer
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	future := s.Flags&hypercall.VCPU_SSHOTTMR_future != 0
	return fail(v.Timers.SetSingle(v.Holder(), machine.Now(), s.TimeoutAbsNS, future))
}

// stopSingle is VCPUOP_stop_singleshot_timer. EINVAL: another vCPU's.
func stopSingle(v, t *domain.VCPU) int64 {
	if t != v {
		return fail(hypercall.EINVAL)
	}
	v.Timers.StopSingle(v.Holder())
	return 0
}
