package probe

import "tuco/hypercall"

// port is the one whose event the probe's callback takes.
//
//lint:ignore U1000 the assembly code reads it
var port hypercall.Port

// entered is how many ticks after the beginning the callback was entered.
var entered uint64

// Event measures a hypercall that raises an event on a port, which notifies the vCPU, is not masked, and which nobody listens to:
// up to the callback's entry, and with the callback and the way back.
func Event(raise *Call, on hypercall.Port) (entry, whole Reading) {
	port = on
	event(raise, nil)
	whole = found()
	entry = whole
	entry.Ticks = entered
	return entry, whole
}

// Masked measures the same hypercall while events are masked, and none is pending.
func Masked(raise *Call, on hypercall.Port) Reading {
	port = on
	masked(raise)
	return found()
}

// Block measures a hypercall that sets the timer of vCPU 0, and one that waits for it, up to the callback's entry. The library isn't
// told of the event, nor of one of its own that the timer was set for: see sched.Rearm.
func Block(timer, wait *Call) Reading {
	event(timer, wait)
	reading := found()
	reading.Ticks = entered
	return reading
}

func event(raise, wait *Call)
func masked(raise *Call)
