package pv

import (
	"math/bits"
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/text"
)

// Now is the system time in nanoseconds, as this vCPU's clock and the TSC tell it.
func Now() uint64 { return Clock(&This().Info.Time) }

// Clock is the system time by a clock that this vCPU may use.
func Clock(clock *hypercall.VCPUTimeInfo) uint64 {
	for {
		version := atomic.LoadUint32(&clock.Version)
		now := ClockAt(clock, TSC())
		if version&1 == 0 && atomic.LoadUint32(&clock.Version) == version {
			return now
		}
	}
}

// ClockAt is what a clock shows at a value of the TSC.
func ClockAt(clock *hypercall.VCPUTimeInfo, tsc uint64) uint64 {
	ticks := tsc - clock.TSCTimestamp
	if clock.TSCShift < 0 {
		ticks >>= -clock.TSCShift
	} else {
		ticks <<= clock.TSCShift
	}
	high, low := bits.Mul64(ticks, uint64(clock.TSCToSystemMul))
	return clock.SystemTime + (high<<32 | low>>32)
}

// The times of tests, in nanoseconds.
const (
	Millisecond = 1_000_000
	Second      = 1000 * Millisecond
	// Late is how much longer a wait may take than asked for: the machine is emulated, and not alone.
	Late = Second
)

// BindTimer is a new port for this vCPU's timers, and stops the one that runs from the start.
func BindTimer() hypercall.Port {
	id := This().ID
	Need("stop_periodic_timer", VCPUOp[byte](hypercall.VCPUOP_stop_periodic_timer, id, nil))
	return BindVIRQ(hypercall.VIRQ_TIMER, id)
}

// SetTimer has VIRQ_TIMER come to this vCPU at a system time.
func SetTimer(at uint64) {
	Need("set_timer_op", Call(hypercall.HYPERVISOR_set_timer_op, at, 0, 0, 0, 0))
}

// Poll waits until one of some ports is pending, or until a system time; 0: for ever.
func Poll(timeout uint64, ports ...hypercall.Port) uint64 {
	arg := hypercall.SchedPoll{NrPorts: uint32(len(ports)), Timeout: timeout}
	if len(ports) > 0 {
		arg.Ports = hypercall.Handle[hypercall.Port](Address(&ports[0]))
	}
	return SchedOp(hypercall.SCHEDOP_poll, &arg)
}

// Sleep waits until a system time, if no upcall comes before.
func Sleep(until uint64) { Need("poll", Poll(until)) }

// Spin waits until a system time, and keeps the processor.
func Spin(until uint64) {
	for Now() < until {
	}
}

// Since requires that a time has come, and not long ago.
func (t *T) Since(what string, at uint64) {
	checks++
	now := Now()
	if now >= at && now < at+Late {
		return
	}
	var l text.Line
	t.fail(l.Str(what).Template(" at %d ns, want from %d ns on", now, at))
}

// TSC is the processor's time stamp counter, behind all that was before.
func TSC() uint64
