package machine

import (
	"tuco/kernel/domain"
	"tuco/kernel/lock"
)

// Pause lets none of a domain's vCPUs run until Unpause. It may be paused already. A vCPU may
// still be on its CPU for a moment: see Stopped.
func Pause(h *lock.Holder, d *domain.Domain) {
	kick := uint64(0)
	d.Lock.Lock(h)
	if !d.Paused {
		d.Paused = true
		for _, v := range d.VCPUs() {
			kick |= Scheduler.Pause(h, &v.Entity, Now())
		}
	}
	d.Lock.Unlock(h)
	Kick(h, kick)
}

// Unpause takes Pause back, if the domain is paused.
func Unpause(h *lock.Holder, d *domain.Domain) {
	kick := uint64(0)
	d.Lock.Lock(h)
	if d.Paused {
		d.Paused = false
		for _, v := range d.VCPUs() {
			kick |= Scheduler.Unpause(h, &v.Entity, Now())
		}
	}
	d.Lock.Unlock(h)
	Kick(h, kick)
}

// Stopped tells whether no vCPU of a domain is on a CPU. If it is paused that stays so.
func Stopped(d *domain.Domain) bool {
	for _, v := range d.VCPUs() {
		if v.Entity.OnCPU() {
			return false
		}
	}
	return true
}

// SetMaxPages says how many pages a domain may have, beside those that it shares with the
// hypervisor. It may have more now: then it gets none.
func SetMaxPages(h *lock.Holder, d *domain.Domain, pages int64) {
	d.Lock.Lock(h)
	d.MaxPages.Store(pages + d.Shares.Load()) // which changes under this lock only
	d.Lock.Unlock(h)
}
