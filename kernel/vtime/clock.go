package vtime

import "math/bits"

// Clock turns TSC values into nanoseconds of system time, as a guest does it:
//
//	System + ((tsc - TSC) << Shift * Mul) >> 32
//
// where a negative Shift shifts right, and the product has 96 bits. Public
// header xen.h, "vcpu_time_info".
type Clock struct {
	TSC    uint64
	System uint64 // nanoseconds at TSC
	Mul    uint32 // 2^31 or more
	Shift  int8
}

// The rates that a clock can have, in Hz.
const (
	MinHz = 1_000_000
	MaxHz = 1 << 40
)

const second = 1_000_000_000 // nanoseconds

// NewClock makes the clock of a TSC that runs at hz and reads tsc at the time
// system. A rate out of bounds is taken for the nearest possible.
func NewClock(hz, tsc, system uint64) Clock {
	num, den := uint64(second), min(max(hz, MinHz), MaxHz)
	shift := int8(0)
	for num >= den {
		den <<= 1
		shift++
	}
	for num<<1 < den {
		num <<= 1
		shift--
	}
	// Now num/den is at least 1/2 and less than 1.
	lo, carry := bits.Add64(num<<32, den/2, 0) // to the nearest
	mul, _ := bits.Div64(num>>32+carry, lo, den)
	if mul>>32 != 0 {
		mul >>= 1
		shift++
	}
	return Clock{TSC: tsc, System: system, Mul: uint32(mul), Shift: shift}
}

// At is the system time at a value of the TSC, not before the clock's own.
func (c *Clock) At(tsc uint64) uint64 {
	delta := tsc - c.TSC
	if c.Shift >= 0 {
		delta <<= uint8(c.Shift)
	} else {
		delta >>= uint8(-c.Shift)
	}
	hi, lo := bits.Mul64(delta, uint64(c.Mul))
	return c.System + (hi<<32 | lo>>32)
}

// First is the first value of the TSC at which the time has reached ns; the largest
// number if that is too far away.
func (c *Clock) First(ns uint64) uint64 {
	if ns <= c.System {
		return c.TSC
	}
	wait := ns - c.System
	if wait>>62 != 0 {
		return ^uint64(0)
	}
	// The least number of shifted ticks, rounded up, as At rounds down.
	ticks, rest := bits.Div64(wait>>32, wait<<32, uint64(c.Mul))
	if rest != 0 {
		ticks++
	}
	if s := uint8(c.Shift); c.Shift >= 0 {
		up := uint64(1)<<s - 1
		ticks = ticks>>s + (ticks&up+up)>>s
	} else {
		s = uint8(-c.Shift)
		if ticks>>(64-s) != 0 {
			return ^uint64(0)
		}
		ticks <<= s
	}
	if ticks > ^uint64(0)-c.TSC {
		return ^uint64(0)
	}
	return c.TSC + ticks
}

// Rebase is the same clock with its point moved to a later TSC. From there on it
// is never behind c, and ahead by two nanoseconds at the most: both the shift and
// the product drop a part of one, and without the two a guest that has just read
// c would see the time go back.
func (c *Clock) Rebase(tsc uint64) Clock {
	return Clock{TSC: tsc, System: c.At(tsc) + 2, Mul: c.Mul, Shift: c.Shift}
}

// Hz is the rate, as a guest computes it.
func (c *Clock) Hz() uint64 {
	hz := uint64(second) << 32 / uint64(c.Mul)
	if c.Shift >= 0 {
		return hz >> uint8(c.Shift)
	}
	return hz << uint8(-c.Shift)
}
