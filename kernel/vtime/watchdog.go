package vtime

import (
	"tuco/hypercall"
	"tuco/kernel/lock"
)

// MaxWatchdogs is how many watchdogs a domain has.
const MaxWatchdogs = 2

// Watchdogs is a domain's watchdogs. One that was set and is not set again in
// time ends the domain.
type Watchdogs struct {
	lock lock.Spin
	dogs [MaxWatchdogs]watchdog
}

type watchdog struct {
	once
	taken bool // by the guest, until it stops it
}

// Init makes the watchdogs, all free. The alarms' functions call Ring.
func (w *Watchdogs) Init(first, second Alarm) {
	w.lock.Init(lock.VTimer)
	w.dogs[0].alarm, w.dogs[1].alarm = first, second
}

// Set is SCHEDOP_watchdog: it gives a watchdog so many seconds from now on. For id 0
// it takes one that is free, whose id is the result; for another id, 0 seconds
// stop it.
//
// EINVAL: there is no watchdog of this id, or it was not taken. ENOSPC: none is free.
func (w *Watchdogs) Set(h *lock.Holder, now uint64, id, seconds uint32) (taken uint32, e hypercall.Errno) {
	if id > MaxWatchdogs {
		return 0, hypercall.EINVAL
	}
	at := now + uint64(seconds)*second
	w.lock.Lock(h)
	if id == 0 {
		taken, e = w.take(h, at)
	} else {
		e = w.dogs[id-1].move(h, at, seconds == 0)
	}
	w.lock.Unlock(h)
	return taken, e
}

func (w *Watchdogs) take(h *lock.Holder, at uint64) (uint32, hypercall.Errno) {
	for i := range w.dogs {
		if d := &w.dogs[i]; !d.taken {
			d.taken = true
			d.start(h, at)
			return uint32(i) + 1, 0
		}
	}
	return 0, hypercall.ENOSPC
}

func (d *watchdog) move(h *lock.Holder, at uint64, stop bool) hypercall.Errno {
	switch {
	case !d.taken:
		return hypercall.EINVAL
	case stop:
		d.taken = false
		d.stop(h)
	default:
		d.start(h, at)
	}
	return 0
}

// Stop stops them all: the domain has ended.
func (w *Watchdogs) Stop(h *lock.Holder) {
	w.lock.Lock(h)
	for i := range w.dogs {
		w.dogs[i].stop(h)
	}
	w.lock.Unlock(h)
}

// Ring is called when an alarm rings, the first or the second. True means that the
// domain's time is up.
func (w *Watchdogs) Ring(h *lock.Holder, n int, now uint64) (due bool) {
	w.lock.Lock(h)
	due = w.dogs[n&(MaxWatchdogs-1)].rung(now)
	w.lock.Unlock(h)
	return due
}
