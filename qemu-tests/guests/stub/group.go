// Package stub tests system calls, page faults and returns from them in large numbers, and with all that is odd about them:
// what a hypervisor may serve by a short cut.
package stub

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Group is the tests. The command line may say that the machine's time is that of its instructions (time=instructions), and
// that short cuts are taken (stub=on).
var Group = pv.Group{Name: "stub", Tests: []pv.Test{
	{Name: "cost", Run: cost},
	{Name: "reserved-area", Run: reservedArea},
	{Name: "reserved-area-user", Run: reservedAreaUser},
	{Name: "reserved-area-jump", Run: reservedAreaJump},
	{Name: "kernel-pages", Run: kernelPages},
	{Name: "stacks", Run: stacks},
	{Name: "iret-frames", Run: iretFrames},
	{Name: "iret-ignored", Run: iretIgnored},
	{Name: "flags", Run: flags},
	{Name: "pending", Run: pending},
	{Name: "storm", Run: storm},
}}

// says tells whether the command line has a word.
func says(key, value string) bool { return string(pv.Option(key)) == value }

// setEntry makes code at an address the kernel's entry for SYSCALL.
func setEntry(entry uint64, masks bool) {
	arg := hypercall.CallbackRegister{Type: hypercall.CALLBACKTYPE_syscall, Address: entry}
	if masks {
		arg.Flags = hypercall.CALLBACKF_mask_events
	}
	pv.Need("register", pv.CallbackOp(hypercall.CALLBACKOP_register, &arg))
}

func resetEntry() { pv.SetCallback(pv.Syscall64, false) }

// setFaultHandler makes code at an address the handler of page faults.
func setFaultHandler(handler uint64) {
	var table [2]hypercall.TrapInfo
	table[0] = hypercall.TrapInfo{Vector: uint8(pv.PF), CS: hypercall.FLAT_KERNEL_CS, Address: handler}
	pv.Need("set_trap_table", pv.SetTrapTable(&table[0]))
}

func resetFaultHandler() { pv.SetTrap(pv.PF, pv.Level(pv.PF), true) }

// nowhere is an address where nothing is mapped.
const nowhere = 0x10_0000
