package pv

import (
	"math/bits"
	"sync/atomic"

	"tuco/hypercall"
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

// TSC is the processor's time stamp counter, behind all that was before.
func TSC() uint64
