package selftest

import "tuco/kernel/exit"

// check is one of the guest's, at the index that guest.S reports it by.
type check struct {
	name string
	// reason is what the guest must have exited for since its last report;
	// Unknown for none in particular.
	reason exit.Reason
	nested bool // with nested paging only
}

// The numbers that the host knows checks by.
const (
	checkCost   = 24
	checkDouble = 25
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
	{name: "nested page fault", reason: exit.NestedFault, nested: true},
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
	{name: "MXCSR and x87 control over 20000 exits"},
	checkCost:   {name: "empty hypercall"},
	checkDouble: {name: "double fault", reason: exit.Exception},
}
