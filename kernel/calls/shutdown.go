package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
	"tuco/kernel/pv"
)

// reasonMask is how much of a shutdown's reason counts. The guest may have reasons
// that nobody knows.
const reasonMask = 0xff

// shutdown is SCHEDOP_shutdown. It returns to a guest that nobody runs any more.
func shutdown(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.SchedShutdown
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	reason := s.Reason & reasonMask
	if reason == hypercall.SHUTDOWN_crash {
		pv.Report(v, "the guest says that it has crashed")
	}
	machine.Shutdown(v.Holder(), v.Domain, reason)
	return 0
}

// shutdownCode is SCHEDOP_shutdown_code: the first reason that is given counts.
func shutdownCode(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.SchedShutdown
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	d, h := v.Domain, v.Holder()
	d.Lock.Lock(h)
	if d.Code == domain.NoCode {
		d.Code = s.Reason & reasonMask
	}
	d.Lock.Unlock(h)
	return 0
}

// remoteShutdown is SCHEDOP_remote_shutdown.
//
// ESRCH: there is no such domain. EPERM: the caller is not privileged.
func remoteShutdown(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.SchedRemoteShutdown
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	d := machine.Find(domain.ID(s.DomainID))
	if d == nil {
		return fail(hypercall.ESRCH)
	}
	if !v.Domain.Privileged {
		return fail(hypercall.EPERM)
	}
	machine.Shutdown(v.Holder(), d, s.Reason&reasonMask)
	return 0
}
