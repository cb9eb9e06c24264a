package machine

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/timer"
)

// initWatchdogs makes a domain's watchdogs, all free.
func initWatchdogs(d *domain.Domain) {
	for i, ring := range [len(d.Alarms)]func(*lock.Holder, uint64){ringWatchdog1, ringWatchdog2} {
		d.Alarms[i] = timer.Timer{Func: ring, Arg: uint64(d.ID)}
	}
	d.Watchdogs.Init((*Alarm)(&d.Alarms[0]), (*Alarm)(&d.Alarms[1]))
}

func ringWatchdog1(h *lock.Holder, id uint64) { ringWatchdog(h, id, 0) }
func ringWatchdog2(h *lock.Holder, id uint64) { ringWatchdog(h, id, 1) }

// ringWatchdog ends a domain that has not fed its watchdog.
func ringWatchdog(h *lock.Holder, id uint64, n int) {
	if d := Find(domain.ID(id)); d != nil && d.Watchdogs.Ring(h, n, Now()) {
		klog.Warnf("domain %d: watchdog %d was not fed in time", klog.D(d.ID), klog.D(n+1))
		Shutdown(h, d, hypercall.SHUTDOWN_watchdog)
	}
}
