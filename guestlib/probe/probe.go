package probe

import (
	"tuco/guestlib/clock"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// A Reading is what one operation took.
type Reading struct {
	Ticks  uint64 // of the time stamp counter; less than 2^32 where assembler measures
	Exits  uint64 // 0 where nobody counts them: see Counts
	Result uint64 // of the hypercall, if it was one
}

// Less is a reading without what another one has of ticks and exits.
func (r Reading) Less(other Reading) Reading {
	r.Ticks -= min(r.Ticks, other.Ticks)
	r.Exits -= min(r.Exits, other.Exits)
	return r
}

// A Call is the registers of a hypercall.
type Call struct {
	Number hypercall.Number
	Args   [5]uint64
}

// What the assembler code has found.
//
//lint:ignore U1000 the assembly code writes them
var (
	ticks, result uint64
	before, after hypercall.TucoExits
)

func found() Reading { return Reading{ticks, after.Total - before.Total, result} }

// Counts tells whether the hypervisor counts exits. Tuco does.
func Counts() bool { return count(&before) == 0 }

func count(to *hypercall.TucoExits) hypercall.Errno {
	return hypercall.Failed(hypercalls.Call(hypercall.HYPERVISOR_tuco_op, hypercall.TUCOOP_exits, hypercalls.Address(to), 0, 0, 0))
}

// Nothing is what the measuring itself takes.
func Nothing() Reading {
	nothing()
	return found()
}

// Time measures a hypercall. What its arguments point at may not be on a stack: those move.
func Time(c *Call) Reading {
	timed(c)
	return found()
}

// Both measures two hypercalls, one behind the other. The result is an error if one of them has failed, and 0 if both return 0.
func Both(first, second *Call) Reading {
	both(first, second)
	return found()
}

// Publish measures a store of a word, and a hypercall that has the hypervisor look at it.
func Publish(to *uint64, value uint64, c *Call) Reading {
	publish(to, value, c)
	return found()
}

// SameFS measures set_segment_base of FS, to what it is already.
func SameFS() Reading {
	sameFS()
	return found()
}

// Go measures a function, with the way there and back.
func Go(work func()) Reading {
	count(&before)
	begin := clock.TSC()
	work()
	ticks, result = clock.TSC()-begin, 0
	count(&after)
	return found()
}

func nothing()
func timed(c *Call)
func both(first, second *Call)
func publish(to *uint64, value uint64, c *Call)
func sameFS()
