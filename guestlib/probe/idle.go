package probe

import (
	"tuco/guestlib/clock"
	"tuco/guestlib/hyper"
	"tuco/hypercall"
)

// A Span is what happened between two readings while several domains worked.
type Span struct {
	Ticks uint64 // of the time stamp counter, without those in which no CPU had anything to run
	Idle  uint64 // those
	Exits uint64 // of this vCPU; 0 where nobody counts them
}

// Work measures a function for which other domains work too. On a host of one CPU the ticks are what all of them take, and the
// hypervisor. The error is the function's, or says that the hypervisor doesn't tell for how long CPUs were idle: Xen never does, and Tuco
// tells a domain that isn't privileged only where its command line has the word counts.
func Work(work func() error) (s Span, err error) {
	idle, err := Idle()
	if err != nil {
		return s, err
	}
	count(&before)
	begin := clock.TSC()
	err = work()
	s.Ticks = clock.TSC() - begin
	count(&after)
	if err != nil {
		return s, err
	}
	now, err := Idle()
	s.Idle, s.Exits = now-idle, after.Total-before.Total
	s.Ticks -= min(s.Ticks, s.Idle)
	return s, err
}

// Idle is for how many ticks CPUs have had nothing to run, all together. The error is Work's.
func Idle() (ticks uint64, err error) {
	arg, _, err := hyper.Op("ask for how long CPUs were idle", hypercall.HYPERVISOR_tuco_op, hypercall.TUCOOP_idle, hypercall.TucoIdle{})
	return arg.Ticks, err
}
