// Package traps tests what a paravirtual guest gets when its code traps: vectors, error codes, frames, masks; from
// kernel and from user mode.
package traps

import "tuco/qemu-tests/guests/pv"

// Group is the tests.
var Group = pv.Group{Name: "traps", Tests: []pv.Test{
	{Name: "exceptions", Run: exceptions},
	{Name: "exceptions-user", Run: exceptionsUser},
	{Name: "page-fault", Run: pageFault},
	{Name: "page-fault-user", Run: pageFaultUser},
	{Name: "hypervisor-space", Run: hypervisorSpace},
	{Name: "fpu-off", Run: fpuOff},
	{Name: "fpu-errors", Run: fpuErrors},
	{Name: "simd-errors", Run: simdErrors},
	{Name: "alignment", Run: alignment},
	{Name: "int-n", Run: intN},
	{Name: "int-n-user", Run: intNUser},
	{Name: "registers", Run: registers},
	{Name: "frame", Run: frame},
	{Name: "stack-alignment", Run: stackAlignment},
	{Name: "masks", Run: masks},
	{Name: "entry-flags", Run: entryFlags},
	{Name: "nested", Run: nested},
	{Name: "single-step", Run: singleStep},
	{Name: "single-step-user", Run: singleStepUser},
	{Name: "breakpoint-registers", Run: breakpointRegisters},
	{Name: "iret-refused", Run: iretRefused},
	{Name: "syscall", Run: syscall},
	{Name: "syscall-step", Run: syscallStep},
	{Name: "shadow-step", Run: shadowStep},
	{Name: "set-trap-table", Run: setTrapTable},
}}
