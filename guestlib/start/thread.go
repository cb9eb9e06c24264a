package start

import (
	"tuco/guestlib/clock"
	"tuco/guestlib/cpu"
	"tuco/guestlib/sched"
)

// timespec is Linux' struct of that name.
type timespec struct{ sec, nsec int64 }

const second = 1_000_000_000

// after is the system time when a span is over, counted from now. An end of time is far enough.
func (t *timespec) after() uint64 {
	const centuries = 10_000_000_000
	return clock.Now() + uint64(min(max(t.sec, 0), centuries))*second + uint64(min(max(t.nsec, 0), second)) + 1
}

// slack is how much longer a sleep may be, in nanoseconds, as on Linux. The runtime's monitor, which sleeps for 20 µs at first,
// then does not wake the vCPU all the time.
const slack = 50_000

func nanosleep(span uint64) uint64 {
	if e := await(0, at[timespec](span).after()+slack, nil); e == failed(eintr) {
		return e
	}
	return 0
}

// futex is FUTEX_WAIT and FUTEX_WAKE of a process's own.
func futex(address, op, value, timeout uint64) uint64 {
	const wait, wake, private = 0, 1, 128
	switch uint32(op) &^ private {
	case wait:
		deadline := uint64(0)
		if timeout != 0 {
			deadline = at[timespec](timeout).after()
		}
		is, woken := sched.WaitWhile(at[uint32](address), uint32(value), deadline)
		if !is {
			return failed(eagain)
		}
		return waited(woken)
	case wake:
		return uint64(sched.Wake(address, int(int32(value))))
	}
	return failed(enosys)
}

// clone makes threads. There is no way to make processes.
func clone(c *cpu.Call) uint64 {
	const asThread, setTLS = 0x1_0000, 0x8_0000 // CLONE_THREAD, CLONE_SETTLS
	if c.DI&asThread == 0 {
		return failed(enosys)
	}
	t := sched.New()
	if t == nil {
		return failed(eagain)
	}
	t.Signals.Blocked = sched.Current().Signals.Blocked
	fs := c.R8
	if c.DI&setTLS == 0 {
		fs = t.OwnFS()
	}
	t.Fork(c, c.SI, fs)
	sched.Ready(t)
	return uint64(t.ID)
}

func archPrctl(code, address uint64) uint64 {
	const setFS = 0x1002
	if code != setFS {
		return failed(einval)
	}
	sched.Current().SetFS(address)
	return 0
}

// exitThread ends the current thread. The runtime has a word cleared when the thread's stack is free, the second argument that
// tools/goport made of what the runtime did itself. A thread that was made with no g ends with another code and has no such word.
func exitThread(code uint32, done uint64) {
	if code != 0 {
		sched.Exit(nil)
	}
	sched.Exit(at[uint32](done))
}

// getaffinity is a bit for each vCPU. It returns how many bytes it wrote.
func getaffinity(size, mask uint64) uint64 {
	const word = 8
	if size < word {
		return failed(einval)
	}
	count, _ := sched.VCPUs()
	*at[uint64](mask) = 1<<count - 1
	return word
}

func clockGettime(id, to uint64) uint64 {
	const realtime, realtimeCoarse = 0, 5
	now := clock.Now()
	if id == realtime || id == realtimeCoarse {
		now = clock.Wall()
	}
	*at[timespec](to) = timespec{int64(now / second), int64(now % second)}
	return 0
}
