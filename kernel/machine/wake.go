package machine

import (
	"math/bits"

	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/lock"
)

// Apply wakes the vCPUs that an operation on event channels has something for.
// No lock is held.
func Apply(h *lock.Holder, e evtchn.Effect) {
	if e.None() {
		return
	}
	d := Find(domain.ID(e.Domain.ID))
	if d == nil {
		return // it has just gone
	}
	for left := e.Upcall | e.Polled; left != 0; left &= left - 1 {
		if v := d.VCPU(uint32(bits.TrailingZeros64(left))); v != nil {
			Wake(h, v)
		}
	}
}

// Wake makes a vCPU look at its events: if it blocks, it runs again; if it is
// in its guest on another CPU, it leaves it for a moment.
func Wake(h *lock.Holder, v *domain.VCPU) {
	if v == cpus[h.CPU].current {
		// It looks before it goes back. It may be about to block.
		Scheduler.Wake(h, &v.Entity, Now())
		return
	}
	Kick(h, Scheduler.Wake(h, &v.Entity, Now()))
	Nudge(h, v)
}

// Nudge makes a vCPU leave its guest for a moment if it is in it on another CPU.
func Nudge(h *lock.Holder, v *domain.VCPU) {
	// The scheduler says that it is on a CPU before that CPU looks at what the
	// caller has for it.
	if v.Entity.OnCPU() {
		if home := v.Entity.Home(); uint32(home) != h.CPU {
			interrupt(home)
		}
	}
}

// RaiseVIRQ sends a vCPU a virtual interrupt.
func RaiseVIRQ(h *lock.Holder, v *domain.VCPU, virq uint32) {
	Apply(h, v.Domain.Events.RaiseVIRQ(virq, uint32(v.ID)))
}
