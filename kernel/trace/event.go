package trace

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// Class is a group of events that is turned on and off together; Event says what a record is about. Both are the ABI's.
type (
	Class = hypercall.ControlTraceClass
	Event = hypercall.ControlTraceEvent
)

// The classes. Their numbers are those of the command line, too.
const (
	ClassSystem    = hypercall.CONTROLTRACE_SYSTEM
	ClassExit      = hypercall.CONTROLTRACE_EXIT
	ClassInterrupt = hypercall.CONTROLTRACE_INTERRUPT
	ClassTimer     = hypercall.CONTROLTRACE_TIMER
	ClassFlush     = hypercall.CONTROLTRACE_FLUSH

	classes = hypercall.CONTROLTRACE_CLASSES

	// Known has a bit for each class that there is.
	Known uint64 = 1<<classes - 1
)

// The events.
const (
	Mark       = hypercall.CONTROLTRACE_mark
	CPUUp      = hypercall.CONTROLTRACE_cpu_up
	Exit       = hypercall.CONTROLTRACE_exit
	Hypercall  = hypercall.CONTROLTRACE_hypercall
	Exception  = hypercall.CONTROLTRACE_exception
	Served     = hypercall.CONTROLTRACE_served
	Interrupt  = hypercall.CONTROLTRACE_interrupt
	TimerSet   = hypercall.CONTROLTRACE_timer_set
	TimerRun   = hypercall.CONTROLTRACE_timer_run
	FlushAsk   = hypercall.CONTROLTRACE_flush_ask
	FlushServe = hypercall.CONTROLTRACE_flush_serve
	FlushDone  = hypercall.CONTROLTRACE_flush_served
)

func reason(w uint64) string { return exit.Reason(w).String() }

func call(w uint64) string { return hypercall.Number(uint32(w)).String() }

func vector(w uint64) string { return x86.Vector(w).String() }

// description of an event: its name and what its two words are. An empty
// label leaves the word out; where A has names, they are shown.
type description struct {
	name, a, b string
	names      func(uint64) string
}

// descriptions has a row for each class, in the order of its events.
var descriptions = [classes][]description{
	ClassSystem: {{name: "mark", a: "a", b: "b"}, {name: "cpu-up", a: "apic-id"}},
	ClassExit: {
		{name: "exit", a: "reason", b: "rip", names: reason},
		{name: "hypercall", a: "call", b: "argument", names: call},
		{name: "exception", a: "vector", b: "at", names: vector},
		{name: "served", a: "ticks", b: "rax"},
	},
	ClassInterrupt: {{name: "interrupt", a: "vector", b: "rip"}},
	ClassTimer:     {{name: "timer-set", a: "deadline"}, {name: "timer-run", a: "deadline", b: "late"}},
	ClassFlush: {
		{name: "flush-ask", a: "cpus", b: "stamp"},
		{name: "flush-serve", a: "served"},
		{name: "flush-done", a: "cpus", b: "stamp"},
	},
}

func describe(e Event) description {
	if class := e.Class(); class < classes {
		if rows := descriptions[class]; int(e&0xff) < len(rows) {
			return rows[e&0xff]
		}
	}
	return description{name: "unknown", a: "a", b: "b"}
}

// enabled has a bit for each class that records. Relaxed: a CPU that learns
// of a change late writes a record too many or too few.
var enabled atomic.Uint64

// Enable chooses the classes that record, a bit (1<<Class) each.
func Enable(mask uint64) { enabled.Store(mask & Known) }

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
