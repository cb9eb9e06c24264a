package machine

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/lock"
)

// Start lets a vCPU run that has its state. Somebody has claimed it, or nobody can.
func Start(h *lock.Holder, v *domain.VCPU) {
	if !v.Up.Swap(true) {
		Kick(h, Scheduler.Unpause(h, &v.Entity, Now()))
	}
}

// Stop makes a vCPU, which is claimed, run no more until Start. It may still be on
// its CPU for a moment. If no other vCPU of the domain is up, the domain has powered
// itself off instead.
func Stop(h *lock.Holder, v *domain.VCPU) {
	was, last := takeDown(h, v)
	switch {
	case last:
		Shutdown(h, v.Domain, hypercall.SHUTDOWN_poweroff)
	case was:
		Kick(h, Scheduler.Pause(h, &v.Entity, Now()))
	}
}

// takeDown clears Up, but for the last. Two that are the last do not get by each
// other.
func takeDown(h *lock.Holder, v *domain.VCPU) (was, last bool) {
	d := v.Domain
	d.Lock.Lock(h)
	last = true
	for _, o := range d.VCPUs() {
		last = last && (o == v || !o.Up.Load())
	}
	if !last {
		was = v.Up.Swap(false)
	}
	d.Lock.Unlock(h)
	return was, last
}

// InfoSize is how long a vcpu_info is, and what it must be aligned to.
const (
	InfoSize      = 64
	InfoAlignment = 8
)

// MoveInfo moves a vCPU's vcpu_info to a place in a frame, which whoever calls has
// a reference to, as writable. That passes to the vCPU. It is claimed, and the
// caller's own or on no CPU.
//
// EINVAL: it was moved before.
func MoveInfo(h *lock.Holder, v *domain.VCPU, m frame.MFN, offset uint64) hypercall.Errno {
	to := infoAt(m, offset)
	effect, e := v.Domain.Events.MoveInfo(h, uint32(v.ID), to)
	if e != 0 {
		return e
	}
	v.InfoFrame, v.Upcalls = m, to
	v.Want(domain.WantStub)
	PublishTime(v)
	Apply(h, effect)
	return 0
}

// PublishTime tells a vCPU the time: where the clock stands and at which rate it
// runs. Once is enough, for all vCPUs have the same clock for good; and again
// where it is to be told at another place.
func PublishTime(v *domain.VCPU) {
	v.Clock.Publisher.Publish(&v.Upcalls.Time, &Clock, hypercall.XEN_PVCLOCK_TSC_STABLE_BIT)
}
