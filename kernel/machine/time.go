package machine

import (
	"tuco/kernel/lock"
	"tuco/kernel/sched"
	"tuco/kernel/timer"
	"tuco/kernel/vtime"
	"tuco/kernel/x86"
)

const never = sched.Never

// Clock is the system time of all guests. Constant once it is set.
var Clock vtime.Clock

// InitClock sets the clock: it reads 0 now. wall is the time since 1970 in
// nanoseconds.
func InitClock(hz, wall uint64) {
	Clock = vtime.NewClock(hz, x86.RDTSC(), 0)
	epoch.Store(wall)
}

// Now is the system time in nanoseconds.
func Now() uint64 { return Clock.At(x86.RDTSC()) }

// hostTime is the hypervisor's own time, by which timers run, at which the
// system time has reached at.
func hostTime(at uint64) uint64 {
	tsc := Clock.First(at)
	if tsc == ^uint64(0) {
		return 1 << 62 // a hundred years and more
	}
	return timer.FromTSC(tsc) + 1
}

// Alarm is a timer in system time, for package vtime.
type Alarm timer.Timer

// Set makes the alarm ring at a system time.
func (a *Alarm) Set(h *lock.Holder, at uint64) { (*timer.Timer)(a).Set(h, hostTime(at)) }

// Cancel takes it back.
func (a *Alarm) Cancel(h *lock.Holder) bool { return (*timer.Timer)(a).Cancel(h) }
