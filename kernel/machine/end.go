package machine

import (
	"sync/atomic"

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
		noteCrash(d) // before anybody can see that the domain has ended
		d.Shutdown.Store(true)
	}
	d.Lock.Unlock(h)
	if !first {
		return
	}
	for _, v := range d.VCPUs() {
		Kick(h, Scheduler.Pause(h, &v.Entity, Now()))
	}
	endLine(h, d)
	klog.Infof("domain %d: shut down: %s", klog.D(d.ID), klog.S(reasonName(reason)))
	if CountsAtEnd {
		ShowCounts(d)
	}
	if d0 := Find(0); d0 != nil && d0 != d && d0.Privileged {
		Apply(h, d0.Events.RaiseVIRQ(hypercall.VIRQ_DOM_EXC, 0))
	}
	endMachine(h, d)
}

// endLine logs what a domain has written to the console so far, as a line.
func endLine(h *lock.Holder, d *domain.Domain) {
	d.Lock.Lock(h)
	if d.LineLength != 0 {
		klog.Infof("(d%d) %s", klog.D(d.ID), klog.B(d.Line[:d.LineLength]))
		d.LineLength = 0
	}
	d.Lock.Unlock(h)
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

// crashed is what is said of the first domain that has crashed.
var crashed struct {
	taken atomic.Bool
	text  [96]byte
	n     int
}

func noteCrash(d *domain.Domain) {
	if isCrash(d.Reason) && !crashed.taken.Swap(true) {
		crashed.n = len(klog.Format(crashed.text[:], "domain %d (%s) crashed", klog.D(d.ID), klog.B(d.Name())))
	}
}

// endMachine ends the machine if the domain was the one that everything depends
// on, or the last; else the domain alone is to be taken apart. The worst that
// has happened counts.
func endMachine(h *lock.Holder, d *domain.Domain) {
	if !d.Privileged && othersRun() {
		Ended.Or(1 << d.ID)
		Reschedule(h) // whoever asks the scheduler begins to take it apart
		return
	}
	if crashed.n != 0 {
		power.Failed(crashed.text[:crashed.n])
	}
	if d.Privileged && d.Reason == hypercall.SHUTDOWN_reboot {
		power.Reboot()
	}
	power.Off()
}

func othersRun() bool {
	for id := range domain.ID(MaxDomains) {
		if d := Find(id); d != nil && !d.Shutdown.Load() {
			return true
		}
	}
	return false
}

// isCrash tells whether a reason, which may be any number, is that of a failure.
func isCrash(reason uint32) bool {
	return reason == hypercall.SHUTDOWN_crash || reason == hypercall.SHUTDOWN_watchdog || reason > hypercall.SHUTDOWN_MAX
}
