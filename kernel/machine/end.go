package machine

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/power"
)

// CountsAtEnd: log what a domain has exited for and called when it shuts down.
var CountsAtEnd bool

// Shutdown ends a domain: none of its vCPUs runs any more. The reason is one of
// SHUTDOWN_*. Domain 0 takes the machine with it; so does the last of all.
func Shutdown(h *lock.Holder, d *domain.Domain, reason uint32) {
	d.Lock.Lock(h)
	if d.Code != domain.NoCode {
		reason = d.Code
	}
	first := !d.Shutdown.Load()
	if first {
		d.Reason = reason
		d.Shutdown.Store(true)
	}
	d.Lock.Unlock(h)
	if !first {
		return
	}
	for _, v := range d.VCPUs() {
		Kick(h, Scheduler.Pause(h, &v.Entity, Now()))
	}
	klog.Infof("domain %d: shut down: %s", klog.D(d.ID), klog.S(reasonName(reason)))
	if CountsAtEnd {
		ShowCounts(d)
	}
	if d0 := Find(0); d0 != nil && d0 != d && d0.Privileged {
		Apply(h, d0.Events.RaiseVIRQ(hypercall.VIRQ_DOM_EXC, 0))
	}
	endMachine(d)
}

var reasonNames = [...]string{
	hypercall.SHUTDOWN_poweroff: "power off", hypercall.SHUTDOWN_reboot: "reboot",
	hypercall.SHUTDOWN_suspend: "suspend", hypercall.SHUTDOWN_crash: "crash",
	hypercall.SHUTDOWN_watchdog: "watchdog", hypercall.SHUTDOWN_soft_reset: "soft reset",
}

func reasonName(reason uint32) string {
	if reason < uint32(len(reasonNames)) {
		return reasonNames[reason]
	}
	return "an unknown reason"
}

// endMachine ends the machine if the domain was the one that everything depends
// on, or the last.
func endMachine(d *domain.Domain) {
	if !d.Privileged {
		for id := range byID {
			if o := Find(domain.ID(id)); o != nil && !o.Shutdown.Load() {
				return
			}
		}
	}
	// The worst that happened counts.
	for id := range byID {
		if o := Find(domain.ID(id)); o != nil && o.Shutdown.Load() && isCrash(o.Reason) {
			var text [96]byte
			power.Failed(klog.Format(text[:], "domain %d (%s) crashed", klog.D(o.ID), klog.B(o.Name())))
		}
	}
	if d.Privileged && d.Reason == hypercall.SHUTDOWN_reboot {
		power.Reboot()
	}
	power.Off()
}

func isCrash(reason uint32) bool {
	return reason == hypercall.SHUTDOWN_crash || reason == hypercall.SHUTDOWN_watchdog
}
