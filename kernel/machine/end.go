package machine

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/power"
)

// Counts: log what a domain has exited for and called when it shuts down, and tell any that asks how long CPUs were idle.
var Counts bool

// Shutdown ends a domain: none of its vCPUs runs any more. The reason is one of
// SHUTDOWN_*. Domain 0 takes the machine with it; so does the last of all.
func Shutdown(h *lock.Holder, d *domain.Domain, reason uint32) {
	reason, first := stop(h, d, reason)
	if !first {
		return
	}
	endLine(h, d)
	klog.Infof("domain %d: shut down: %s", klog.D(d.ID), klog.S(reasonName(reason)))
	if Counts {
		ShowCounts(d)
	}
	TellControl(h, d.ID)
	endMachine(h, d)
}

// Destroy has a domain taken apart, which is not the privileged one, whether it has shut
// down or not. Its memory and its number are free when nobody uses a frame of it any more.
func Destroy(h *lock.Holder, d *domain.Domain) {
	if _, first := stop(h, d, hypercall.SHUTDOWN_poweroff); first {
		endLine(h, d)
		klog.Infof("domain %d: destroyed", klog.D(d.ID))
	}
	TakeApart(h, d)
}

// stop lets none of a domain's vCPUs run any more, and returns the reason that counts. Who is
// not the first changes nothing, and when he returns the first has stopped them.
func stop(h *lock.Holder, d *domain.Domain, reason uint32) (_ uint32, first bool) {
	kick := uint64(0)
	d.Lock.Lock(h)
	if d.Code != domain.NoCode {
		reason = d.Code
	}
	if first = !d.Shutdown.Load(); first {
		d.Reason = reason
		noteCrash(d) // before anybody can see that the domain has ended
		d.Shutdown.Store(true)
		for _, v := range d.VCPUs() {
			kick |= Scheduler.Pause(h, &v.Entity, Now())
		}
	}
	d.Lock.Unlock(h)
	Kick(h, kick)
	return reason, first
}

// TakeApart has whoever asks the scheduler begin to take a domain apart, which is stopped.
func TakeApart(h *lock.Holder, d *domain.Domain) {
	Ended.Or(1 << d.ID)
	Reschedule(h)
}

// TellControl tells domain 0 that another domain has shut down, or is gone.
func TellControl(h *lock.Holder, other domain.ID) {
	if d0 := Find(0); d0 != nil && d0.ID != other && d0.Privileged {
		Apply(h, d0.Events.RaiseVIRQ(hypercall.VIRQ_DOM_EXC, 0))
	}
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

// crashed is what is said of the first domain that has crashed, and that the machine was
// started with: what becomes of others is the control domain's affair.
var crashed struct {
	taken atomic.Bool
	text  [96]byte
	n     int
}

func noteCrash(d *domain.Domain) {
	if isCrash(d.Reason) && !d.Kept && !crashed.taken.Swap(true) {
		crashed.n = len(klog.Format(crashed.text[:], "domain %d (%s) crashed", klog.D(d.ID), klog.B(d.Name())))
	}
}

// endMachine ends the machine if the domain was the one that everything depends
// on, or the last; else the domain alone is to be taken apart, or is left for the control
// domain to look at. The worst that has happened counts.
func endMachine(h *lock.Holder, d *domain.Domain) {
	if !d.Privileged && othersRun() {
		if !d.Kept {
			TakeApart(h, d)
		}
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
