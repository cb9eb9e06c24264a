package trace

import (
	"sync/atomic"

	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// Class is a group of events that is turned on and off together.
type Class uint8

// The classes. The numbers are part of the contract with readers, and of the
// command line.
const (
	ClassSystem    Class = iota // rare: a CPU came up, a mark
	ClassExit                   // every exit from a guest
	ClassInterrupt              // interrupts taken by the hypervisor
	ClassTimer                  // timers set and run
	ClassFlush                  // TLB shootdowns

	classes
)

// Event says what a record is about: the class in the upper byte, a number
// within the class in the lower. Part of the contract with readers.
type Event uint16

// The events. What A and B are stands in the table below.
const (
	Mark  Event = Event(ClassSystem)<<8 | iota // a place in the code, for debugging
	CPUUp                                      // a CPU runs the hypervisor
)
const (
	Exit Event = Event(ClassExit)<<8 | iota // a guest left its container
)
const (
	Interrupt Event = Event(ClassInterrupt)<<8 | iota
)
const (
	TimerSet Event = Event(ClassTimer)<<8 | iota
	TimerRun
)
const (
	FlushAsk   Event = Event(ClassFlush)<<8 | iota // this CPU asks others to flush
	FlushServe                                     // this CPU flushes for others
	FlushDone                                      // the asked ones have all flushed
)

func reason(w uint64) string { return exit.Reason(w).String() }

// description of an event: its name and what its two words are. An empty
// label leaves the word out; where A has names, they are shown.
type description struct {
	name, a, b string
	names      func(uint64) string
}

// descriptions has a row for each class, in the order of its events.
var descriptions = [classes][]description{
	ClassSystem:    {{name: "mark", a: "a", b: "b"}, {name: "cpu-up", a: "apic-id"}},
	ClassExit:      {{name: "exit", a: "reason", b: "rip", names: reason}},
	ClassInterrupt: {{name: "interrupt", a: "vector", b: "rip"}},
	ClassTimer:     {{name: "timer-set", a: "deadline"}, {name: "timer-run", a: "deadline", b: "late"}},
	ClassFlush: {
		{name: "flush-ask", a: "cpus", b: "stamp"},
		{name: "flush-serve", a: "served"},
		{name: "flush-done", a: "cpus", b: "stamp"},
	},
}

func (e Event) description() description {
	if class := Class(e >> 8); class < classes {
		if rows := descriptions[class]; int(e&0xff) < len(rows) {
			return rows[e&0xff]
		}
	}
	return description{name: "unknown", a: "a", b: "b"}
}

// String is the event's name.
func (e Event) String() string { return e.description().name }

// enabled has a bit for each class that records. Relaxed: a CPU that learns
// of a change late writes a record too many or too few.
var enabled atomic.Uint64

// Enable chooses the classes that record, a bit (1<<Class) each.
func Enable(mask uint64) { enabled.Store(mask & (1<<classes - 1)) }

// Enabled is what Enable chose.
func Enabled() uint64 { return enabled.Load() }

// Emit records an event of this CPU, whose number is cpu, if its class is on.
func Emit(cpu int, e Event, vcpu uint32, a, b uint64) {
	if enabled.Load()>>(e>>8)&1 != 0 {
		emit(cpu, e, vcpu, a, b)
	}
}

//go:noinline
func emit(cpu int, e Event, vcpu uint32, a, b uint64) {
	buffers[cpu].put(x86.RDTSC(), cpu, e, vcpu, a, b)
}
