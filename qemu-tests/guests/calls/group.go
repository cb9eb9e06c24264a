// Package calls tests the hypercalls that set a vCPU's state or tell about the hypervisor, and what is true of all
// hypercalls.
package calls

import "tuco/qemu-tests/guests/pv"

// Group is the tests.
var Group = pv.Group{Name: "calls", Tests: []pv.Test{
	{Name: "unknown", Run: unknown},
	{Name: "by-syscall", Run: bySyscall},
	{Name: "registers", Run: registers},
	{Name: "version", Run: version},
	{Name: "version-refused", Run: versionRefused},
	{Name: "features", Run: features},
	{Name: "console", Run: console},
	{Name: "callbacks", Run: callbacks},
	{Name: "callbacks-refused", Run: callbacksRefused},
	{Name: "set-callbacks", Run: setCallbacks},
	{Name: "nmi", Run: nmi},
	{Name: "debug-registers", Run: debugRegisters},
	{Name: "debug-registers-refused", Run: debugRegistersRefused},
	{Name: "vm-assist", Run: vmAssist},
	{Name: "sched", Run: sched},
	{Name: "tuco", Run: tuco},
}}

const (
	nonCanonical = 0x8000_0000_0000_0000
	nowhere      = 0x1000 // where nothing is mapped
)
