package start

import "tuco/guestlib/sched"

// itimerval is Linux' struct of that name: two spans of seconds and microseconds.
type itimerval struct {
	interval, _ struct{ sec, usec int64 }
}

// profiling is how often threads get SIGPROF.
var profiling itimerval

// setitimer is ITIMER_PROF: a signal for whoever runs, each time that the program has used so much of a processor. It is what
// runtime/pprof samples by. EINVAL: it is another timer, of which there are none.
func setitimer(which, set, get uint64) uint64 {
	const prof = 2
	if which != prof || set == 0 {
		return failed(einval)
	}
	v := *at[itimerval](set)
	if get != 0 {
		*at[itimerval](get) = profiling
	}
	profiling = v
	sched.Profile(sigPROF, v.every())
	return 0
}

// every is the interval in nanoseconds. A program that asks for a very short one would do nothing else.
func (v *itimerval) every() uint64 {
	const microsecond, shortest, longest = 1000, 100_000, 1 << 40
	if v.interval.sec <= 0 && v.interval.usec <= 0 {
		return 0
	}
	return min(max(uint64(v.interval.sec)*second+uint64(v.interval.usec)*microsecond, shortest), longest)
}
