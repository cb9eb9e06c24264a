package timer

import (
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/x86"
)

// Alarm is the interrupt source behind each CPU's timers: the local APIC's
// timer, which package apic has functions for. Each acts on the calling CPU.
type Alarm struct {
	Setup    func(deadline bool) // choose the mode; nothing runs yet
	Start    func(ticks uint32)  // interrupt once after so many ticks
	Left     func() uint32       // ticks left
	Deadline func(tsc uint64)    // interrupt once at a value of the time stamp counter; nil if it can't
}

// alarm is set by Init and constant from then on.
var alarm struct {
	Alarm
	toTicks Scale // nanoseconds to ticks, where there is no Deadline
}

// Init takes the alarm and, unless it can wait for a deadline, measures its
// rate. Once, on the first CPU, after Calibrate and before any timer is set. False if the alarm stands still.
func Init(a Alarm) bool {
	alarm.Alarm = a
	for i := range queues {
		queues[i].lock.Init(lock.Timer)
	}
	if a.Deadline != nil {
		klog.Infof("timers: local APIC, by TSC deadline")
		return true
	}
	a.Setup(false)
	a.Start(^uint32(0))
	m := meter{tsc: x86.RDTSC, read: alarmTicks, mask: ^uint32(0), length: clock.hz / alarmWindowsPerSecond}
	measured := m.counterRate(clock.hz)
	a.Start(0)
	if !measured.valid() {
		return false
	}
	hz := measured.roundest()
	alarm.toTicks = NewScale(hz, second)
	klog.Infof("timers: local APIC at %d.%d MHz", klog.U(hz/1_000_000), klog.D6(hz%1_000_000))
	return true
}

// alarmWindowsPerSecond makes the measurement of the alarm 5 ms long.
const alarmWindowsPerSecond = 200

// alarmTicks counts up where the alarm counts down. It stands still at the end,
// which is seconds away.
func alarmTicks() uint32 { return ^alarm.Left() }

// StartCPU makes this CPU's timers usable. Its interrupt's handler must call
// Interrupt.
func StartCPU(h *lock.Holder) {
	alarm.Setup(alarm.Deadline != nil)
	q := &queues[h.CPU]
	q.lock.Lock(h)
	q.rearm(Now()) // for timers that were set before
	q.lock.Unlock(h)
}

// arm sets this CPU's alarm for a time. It may ring early, never late.
func (q *queue) arm(at, now uint64) {
	if alarm.Deadline != nil {
		alarm.Deadline(atTSC(at))
		return
	}
	ticks := uint64(1)
	if at > now {
		ticks = min(alarm.toTicks.Apply(at-now), 1<<32-2) + 1
	}
	alarm.Start(uint32(ticks))
}
