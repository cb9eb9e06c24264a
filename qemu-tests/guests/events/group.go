// Package events tests event channels: ports and their states, pending and mask bits, upcalls, and the calls of sched_op
// that wait for events.
package events

import "tuco/qemu-tests/guests/pv"

// Group is the tests.
var Group = pv.Group{Name: "events", Tests: []pv.Test{
	{Name: "alloc-unbound", Run: allocUnbound},
	{Name: "all-ports", Run: allPorts},
	{Name: "interdomain", Run: interdomain},
	{Name: "close", Run: closePorts},
	{Name: "virq", Run: virq},
	{Name: "ipi", Run: ipi},
	{Name: "pirq", Run: pirq},
	{Name: "bind-vcpu", Run: bindVCPU},
	{Name: "send", Run: send},
	{Name: "mask", Run: mask},
	{Name: "unmask", Run: unmask},
	{Name: "reset", Run: reset},
	{Name: "commands", Run: commands},
	{Name: "upcall", Run: upcall},
	{Name: "upcall-order", Run: upcallOrder},
	{Name: "upcall-nested", Run: upcallNested},
	{Name: "upcall-user", Run: upcallUser},
	{Name: "poll-ready", Run: pollReady},
	{Name: "poll-timeout", Run: pollTimeout},
	{Name: "poll-event", Run: pollEvent},
	{Name: "poll-errors", Run: pollErrors},
	{Name: "block", Run: block},
	{Name: "yield", Run: yield},
}}
