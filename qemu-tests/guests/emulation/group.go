// Package emulation tests instructions that a paravirtual kernel executes at a privilege that the processor refuses, and
// that the hypervisor carries out.
package emulation

import "tuco/qemu-tests/guests/pv"

// Group is the tests.
var Group = pv.Group{Name: "emulation", Tests: []pv.Test{
	{Name: "privileged", Run: privileged},
	{Name: "cpuid", Run: cpuid},
	{Name: "cpuid-forced", Run: cpuidForced},
	{Name: "msr", Run: msr},
	{Name: "msr-bases", Run: msrBases},
	{Name: "cr0", Run: cr0},
	{Name: "cr2", Run: cr2},
	{Name: "cr3", Run: cr3},
	{Name: "cr4", Run: cr4},
	{Name: "debug-registers", Run: debugRegisters},
	{Name: "xcr0", Run: xcr0},
	{Name: "tsc", Run: tsc},
	{Name: "flags", Run: flags},
	{Name: "halt", Run: halted},
	{Name: "ports", Run: ports},
	{Name: "ports-user", Run: portsUser},
	{Name: "ports-strings", Run: portsStrings},
	{Name: "iopl", Run: iopl},
	{Name: "page-table-write", Run: pageTableWrite},
	{Name: "page-table-refused", Run: pageTableRefused},
}}
