package vtime

import (
	"tuco/hypercall"
	"tuco/kernel/lock"
)

// Alarm is what rings at a time; *timer.Timer is one. Set moves an alarm that is
// set. It may ring after Cancel or another Set, if it was just ringing. Times
// are in nanoseconds of the guest's system time.
type Alarm interface {
	Set(h *lock.Holder, at uint64)
	Cancel(h *lock.Holder) bool
}

const (
	// MinPeriod is the shortest period of a periodic timer, in nanoseconds.
	MinPeriod = 1_000_000
	// maxPeriod keeps sums of times far from overflow.
	maxPeriod = 1 << 62
	// DefaultPeriod is the period that a paravirtual vCPU's timer starts with, in
	// nanoseconds.
	DefaultPeriod = 10_000_000
)

// Times that a guest gives have a sign in the ABI. One below zero has passed long
// ago.
const negative = 1 << 63

func signed(at uint64) uint64 {
	if at&negative != 0 {
		return 0
	}
	return at
}

// once is a timer that rings once.
type once struct {
	alarm Alarm
	at    uint64
	set   bool
}

func (o *once) start(h *lock.Holder, at uint64) {
	o.at, o.set = at, true
	o.alarm.Set(h, at)
}

func (o *once) stop(h *lock.Holder) {
	if o.set {
		o.set = false
		o.alarm.Cancel(h)
	}
}

// rung tells whether the timer is due, and then takes it.
func (o *once) rung(now uint64) bool {
	if !o.set || now < o.at {
		return false
	}
	o.set = false
	return true
}

// Timers is a vCPU's timers. Where a method returns true, the caller sends the vCPU
// VIRQ_TIMER, or, for the poll's, wakes it.
type Timers struct {
	lock   lock.Spin
	single once
	poll   once
	tick   once

	period uint64 // 0: there is no periodic timer
	next   uint64 // when the next tick is due
	on     bool   // the vCPU is on a pCPU
}

// Init makes the timers, all stopped, of a vCPU that is on no pCPU. The three
// alarms' functions call RingSingle, RingPoll and RingPeriodic.
func (t *Timers) Init(single, poll, periodic Alarm) {
	t.lock.Init(lock.VTimer)
	t.single.alarm, t.poll.alarm, t.tick.alarm = single, poll, periodic
}

// SetSingle sets the one-shot timer, in place of what it was set to. With future,
// a time that has passed is refused.
//
// ETIME: the time has passed, and future was asked for. The timer is as it was.
func (t *Timers) SetSingle(h *lock.Holder, now, at uint64, future bool) hypercall.Errno {
	if future && at < now {
		return hypercall.ETIME
	}
	t.lock.Lock(h)
	t.single.start(h, signed(at))
	t.lock.Unlock(h)
	return 0
}

// StopSingle stops the one-shot timer.
func (t *Timers) StopSingle(h *lock.Holder) {
	t.lock.Lock(h)
	t.single.stop(h)
	t.lock.Unlock(h)
}

// What set_timer_op takes for a mistake, and what it does then.
const (
	absurd     = 1 << 50 // from now: 13 days
	soonEnough = 100_000_000
)

// SetTimer is set_timer_op: it sets the one-shot timer, or for 0 stops it.
//
// Kernels whose count of ticks has wrapped ask for a time that is negative, or far
// off, when they have something to do at once; and others ask for the same when
// they have nothing to do. A tenth of a second does for both, as on Xen.
func (t *Timers) SetTimer(h *lock.Holder, now, at uint64) {
	if at == 0 {
		t.StopSingle(h)
		return
	}
	if at&negative != 0 || at > now+absurd {
		at = now + soonEnough
	}
	t.SetSingle(h, now, at, false)
}

// RingSingle is called when the one-shot timer's alarm rings.
func (t *Timers) RingSingle(h *lock.Holder, now uint64) (due bool) {
	t.lock.Lock(h)
	due = t.single.rung(now)
	t.lock.Unlock(h)
	return due
}

// SetPoll sets the time-out of a poll.
func (t *Timers) SetPoll(h *lock.Holder, at uint64) {
	t.lock.Lock(h)
	t.poll.start(h, signed(at))
	t.lock.Unlock(h)
}

// StopPoll stops it: the poll is over.
func (t *Timers) StopPoll(h *lock.Holder) {
	t.lock.Lock(h)
	t.poll.stop(h)
	t.lock.Unlock(h)
}

// RingPoll is called when the time-out's alarm rings.
func (t *Timers) RingPoll(h *lock.Holder, now uint64) (due bool) {
	t.lock.Lock(h)
	due = t.poll.rung(now)
	t.lock.Unlock(h)
	return due
}

// SetPeriodic sets the periodic timer: the first tick is a period from now.
//
// EINVAL: the period is shorter than MinPeriod, or absurdly long.
func (t *Timers) SetPeriodic(h *lock.Holder, now, period uint64) hypercall.Errno {
	if period < MinPeriod || period > maxPeriod {
		return hypercall.EINVAL
	}
	t.lock.Lock(h)
	t.period, t.next = period, now+period
	if t.on {
		t.tick.start(h, t.next)
	}
	t.lock.Unlock(h)
	return 0
}

// StopPeriodic stops the periodic timer.
func (t *Timers) StopPeriodic(h *lock.Holder) {
	t.lock.Lock(h)
	t.period = 0
	t.tick.stop(h)
	t.lock.Unlock(h)
}

// Enter is called when the vCPU comes onto a pCPU. True means that a tick fell due
// while it was away.
func (t *Timers) Enter(h *lock.Holder, now uint64) (due bool) {
	t.lock.Lock(h)
	t.on = true
	due = t.advance(h, now)
	t.lock.Unlock(h)
	return due
}

// Leave is called when the vCPU leaves its pCPU.
func (t *Timers) Leave(h *lock.Holder) {
	t.lock.Lock(h)
	t.on = false
	t.tick.stop(h)
	t.lock.Unlock(h)
}

// RingPeriodic is called when the periodic timer's alarm rings.
func (t *Timers) RingPeriodic(h *lock.Holder, now uint64) (due bool) {
	t.lock.Lock(h)
	if t.tick.rung(now) { // Leave has stopped it if the vCPU is on no pCPU
		due = t.advance(h, now)
	}
	t.lock.Unlock(h)
	return due
}

// advance moves on to the first tick after now, and tells whether it has passed
// any. Ticks stay at multiples of the period, however late the alarm: errors
// don't add up.
func (t *Timers) advance(h *lock.Holder, now uint64) (due bool) {
	if t.period == 0 {
		return false
	}
	if due = now >= t.next; due {
		t.next += ((now-t.next)/t.period + 1) * t.period
	}
	t.tick.start(h, t.next)
	return due
}
