package machine

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/lock"
)

// PrepareBlock begins to stop a vCPU, which is on this CPU: after this the caller
// looks whether there is something for the vCPU, and if not calls Block. What
// comes before the look is seen by it, and what comes after it wakes.
func PrepareBlock(v *domain.VCPU) { Scheduler.Prepare(&v.Entity) }

// Block stops the vCPU until it is woken. False: it was, since PrepareBlock, or an
// NMI waits for it that came before.
func Block(v *domain.VCPU) bool {
	h := v.Holder()
	if v.Wants.Load()&domain.WantNMI != 0 {
		return false
	}
	if !Scheduler.Block(h, &v.Entity) {
		return false
	}
	Reschedule(h)
	return true
}

// Poll stops a vCPU, which is on this CPU, until one of these ports is pending,
// an upcall comes, or the system time has reached until; 0 is never. EINVAL: see
// evtchn.Domain.Poll.
func Poll(v *domain.VCPU, ports []hypercall.Port, until uint64) hypercall.Errno {
	PrepareBlock(v)
	ready, e := v.Domain.Events.Poll(uint32(v.ID), ports)
	if ready || e != 0 {
		return e
	}
	v.Polling = true
	if until != 0 {
		v.Timers.SetPoll(v.Holder(), until)
	}
	if !Block(v) {
		EndPoll(v)
	}
	return 0
}

// EndPoll ends the poll of a vCPU that runs again, for whatever reason.
func EndPoll(v *domain.VCPU) {
	v.Polling = false
	v.Domain.Events.EndPoll(uint32(v.ID))
	v.Timers.StopPoll(v.Holder())
}

// Yield lets other vCPUs have the CPU for a turn.
func Yield(v *domain.VCPU) {
	h := v.Holder()
	Scheduler.Yield(h, &v.Entity)
	Reschedule(h)
}

// Reschedule makes this CPU ask the scheduler before it enters a guest again.
func Reschedule(h *lock.Holder) {
	cpus[h.CPU].pick.Store(true)
	leave(h)
}
