package selftest

import "tuco/kernel/exit"

// check is one of the guest's, at the index that guest.S reports it by.
type check struct {
	name string
	// reason is what the guest must have exited for since its last report;
	// Unknown for none in particular.
	reason exit.Reason
	ways   ways // in which it is made; none stands for ordinary
	cost   bool // its value is that of an empty hypercall, in ticks
	breaks bool // it needs breakpoints
}

// way is a way to run a guest.
type way uint8

// The ways.
const (
	direct      way = iota // guest.S, with direct paging
	nested                 // … with nested paging
	paravirtual            // paravirtual.inc
	wayCount
)

// ways is a set of them, a bit each.
type ways uint8

const ordinary ways = 1<<direct | 1<<nested

// String is the name that the log has for it.
func (w way) String() string { return wayNames[w%wayCount] }

var wayNames = [wayCount]string{direct: "direct", nested: "nested", paravirtual: "paravirtual"}

// made tells whether the check is made when a guest is run this way.
func (c *check) made(w way) bool {
	in := c.ways
	if in == 0 {
		in = ordinary
	}
	return in>>w&1 != 0
}

// The numbers of checks that the host reports.
const (
	checkDouble  = 25
	checkRefused = 44
)

var checks = [...]check{
	{name: "hypercall", reason: exit.Hypercall},
	{name: "unknown hypercall", reason: exit.Hypercall},
	{name: "CPUID", reason: exit.CPUID},
	{name: "CR0", reason: exit.CRWrite},
	{name: "CR3", reason: exit.CRWrite},
	{name: "CR4", reason: exit.CRWrite},
	{name: "MSR", reason: exit.MSRWrite},
	{name: "port", reason: exit.Port},
	{name: "string port", reason: exit.Port},
	{name: "page fault taken by the host", reason: exit.Exception},
	{name: "nested page fault", reason: exit.NestedFault, ways: 1 << nested},
	{name: "page fault given to the guest", reason: exit.Exception},
	{name: "exception without an exit"},
	{name: "event injection"},
	{name: "event injection while IF is clear", reason: exit.Window},
	{name: "INT n without an exit"},
	{name: "timer interrupt of the host", reason: exit.Interrupt},
	{name: "timer interrupt of the host while IF is clear", reason: exit.Interrupt},
	{name: "HLT", reason: exit.HLT},
	{name: "TSC offset"},
	{name: "TLB flush"},
	{name: "general registers over 20000 exits"},
	{name: "XMM and YMM registers over 20000 exits"},
	{name: "MXCSR, x87 control and pointers over 20000 exits"},
	{name: "empty hypercall", cost: true},
	checkDouble: {name: "double fault", reason: exit.Exception},

	{name: "SYSCALL", reason: exit.Hypercall, ways: 1 << paravirtual},
	{name: "hypercall at level 3", reason: exit.Hypercall, ways: 1 << paravirtual},
	{name: "CPUID at level 3", reason: exit.CPUID, ways: 1 << paravirtual},
	{name: "page fault", reason: exit.Exception, ways: 1 << paravirtual},
	{name: "privileged instructions", reason: exit.Exception, ways: 1 << paravirtual},
	{name: "INT n", reason: exit.SoftwareInterrupt, ways: 1 << paravirtual},
	{name: "INT3 and INT 3", reason: exit.SoftwareInterrupt, ways: 1 << paravirtual},
	{name: "ICEBP", ways: 1 << paravirtual},
	{name: "INTO in 32-bit code", reason: exit.SoftwareInterrupt, ways: 1 << paravirtual},
	{name: "I/O permission bitmap", reason: exit.Exception, ways: 1 << paravirtual},
	{name: "two address spaces", ways: 1 << paravirtual},
	{name: "flushes", ways: 1 << paravirtual},
	{name: "FS and GS base", ways: 1 << paravirtual},
	{name: "breakpoint on an instruction", reason: exit.Exception, ways: 1 << paravirtual, breaks: true},
	{name: "breakpoint on data", reason: exit.Exception, ways: 1 << paravirtual, breaks: true},
	{name: "single step", reason: exit.Exception, ways: 1 << paravirtual},
	{name: "exception in an interrupt shadow", reason: exit.Exception, ways: 1 << paravirtual},
	{name: "empty hypercall", ways: 1 << paravirtual, cost: true},
	checkRefused: {name: "entry that the processor refuses", ways: 1 << paravirtual},
}
