// Package tracing says in words what the hypervisor records, and adds it up.
package tracing

import (
	"fmt"
	"strings"

	"tuco/hypercall"
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// Record is one event.
type Record = hypercall.ControlTraceRecord

// Event is a record in words.
type Event struct {
	Name   string // what it is
	Kind   string // of what kind: an exit's reason, a hypercall's name
	Detail string // the rest
}

// Describe puts a record into words.
func Describe(r *Record) Event {
	switch r.Event {
	case hypercall.CONTROLTRACE_mark:
		return Event{"mark", "", fmt.Sprintf("%#x %#x", r.A, r.B)}
	case hypercall.CONTROLTRACE_cpu_up:
		return Event{"cpu-up", "", fmt.Sprintf("APIC ID %d", r.A)}
	case hypercall.CONTROLTRACE_lost:
		return Event{"lost", "", fmt.Sprintf("%d records", r.A)}
	case hypercall.CONTROLTRACE_exit:
		return Event{"exit", exit.Reason(r.A).String(), fmt.Sprintf("at %#x", r.B)}
	case hypercall.CONTROLTRACE_hypercall:
		name, rest := call(uint32(r.A), r.B, r.A>>32)
		return Event{"hypercall", name, rest}
	case hypercall.CONTROLTRACE_exception:
		vector := x86.Vector(r.A)
		rest := fmt.Sprintf("at %#x", r.B)
		if vector.HasErrorCode() {
			rest += fmt.Sprintf(", error code %#x", r.A>>32)
		}
		return Event{"exception", vector.String(), rest}
	case hypercall.CONTROLTRACE_served:
		return Event{"served", "", fmt.Sprintf("result %s", result(int64(r.B)))}
	case hypercall.CONTROLTRACE_interrupt:
		return Event{"interrupt", fmt.Sprintf("%#x", r.A), fmt.Sprintf("at %#x", r.B)}
	case hypercall.CONTROLTRACE_timer_set:
		return Event{"timer-set", "", fmt.Sprintf("deadline %d ns", r.A)}
	case hypercall.CONTROLTRACE_timer_run:
		return Event{"timer-run", "", fmt.Sprintf("deadline %d ns, %d ns late", r.A, r.B)}
	case hypercall.CONTROLTRACE_flush_ask:
		return Event{"flush-ask", "", fmt.Sprintf("CPUs %#b, stamp %d", r.A, r.B)}
	case hypercall.CONTROLTRACE_flush_serve:
		return Event{"flush-serve", "", fmt.Sprintf("for CPUs %#b", r.A)}
	case hypercall.CONTROLTRACE_flush_served:
		return Event{"flush-done", "", fmt.Sprintf("CPUs %#b, stamp %d", r.A, r.B)}
	}
	return Event{"unknown", "", fmt.Sprintf("event %#x, %#x %#x", uint16(r.Event), r.A, r.B)}
}

// call is a hypercall's name, with its command if it has one, and the argument that is none.
func call(number uint32, first, second uint64) (name, rest string) {
	c := hypercall.Lookup(hypercall.Number(number))
	if c == nil {
		return fmt.Sprintf("number %d", number), ""
	}
	for i, value := range []uint64{first, second} {
		if i >= len(c.Args) {
			break
		}
		if c.Args[i].Name == "cmd" {
			op := c.Op(uint64(uint32(value)))
			if op == nil {
				return c.Name, fmt.Sprintf("command %d", uint32(value))
			}
			return c.Name + " " + op.Name, ""
		}
	}
	if len(c.Args) == 0 {
		return c.Name, ""
	}
	return c.Name, fmt.Sprintf("%s %#x", c.Args[0].Name, first)
}

// result is what a hypercall returns, as a number.
func result(n int64) string {
	const lowest = -4095 // below that it is no error
	if n < 0 && n >= lowest {
		if name := hypercall.Errno(-n).String(); strings.HasPrefix(name, "E") {
			return "-" + name
		}
	}
	return fmt.Sprint(n)
}
