package machine

import (
	"tuco/kernel/domain"
	"tuco/kernel/lock"
)

// PrepareBlock begins to stop a vCPU, which is on this CPU: after this the caller
// looks whether there is something for the vCPU, and if not calls Block. What
// comes before the look is seen by it, and what comes after it wakes.
func PrepareBlock(v *domain.VCPU) { Scheduler.Prepare(&v.Entity) }

// Block stops the vCPU until it is woken.
func Block(v *domain.VCPU) {
	if h := v.Holder(); Scheduler.Block(h, &v.Entity) {
		Reschedule(h)
	}
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
