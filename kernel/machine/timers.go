package machine

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/lock"
	"tuco/kernel/timer"
)

// Which of a vCPU's alarms is which.
const (
	alarmSingle = iota
	alarmPoll
	alarmPeriodic
)

// InitTimers makes a vCPU's timers, all stopped.
func InitTimers(v *domain.VCPU) {
	for i, ring := range [domain.Alarms]func(*lock.Holder, uint64){
		alarmSingle: ringSingle, alarmPoll: ringPoll, alarmPeriodic: ringPeriodic,
	} {
		v.Alarms[i] = timer.Timer{Func: ring, Arg: v.Entity.Arg}
	}
	v.Timers.Init((*Alarm)(&v.Alarms[alarmSingle]), (*Alarm)(&v.Alarms[alarmPoll]), (*Alarm)(&v.Alarms[alarmPeriodic]))
}

func ringSingle(h *lock.Holder, arg uint64) {
	if v := VCPUAt(arg); v != nil && v.Timers.RingSingle(h, Now()) {
		RaiseVIRQ(h, v, hypercall.VIRQ_TIMER)
	}
}

func ringPeriodic(h *lock.Holder, arg uint64) {
	if v := VCPUAt(arg); v != nil && v.Timers.RingPeriodic(h, Now()) {
		RaiseVIRQ(h, v, hypercall.VIRQ_TIMER)
	}
}

// ringPoll ends a poll whose time is up.
func ringPoll(h *lock.Holder, arg uint64) {
	if v := VCPUAt(arg); v != nil && v.Timers.RingPoll(h, Now()) {
		Wake(h, v)
	}
}
