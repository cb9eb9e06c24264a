// Package fatal is mistakes that leave the hypervisor no way but to end the domain. Each test says that it begins, and
// does not come back.
package fatal

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Group is the tests. They run only one by one.
var Group = pv.Group{Name: "fatal", Alone: true, Tests: []pv.Test{
	{Name: "no-handler", Run: noHandler},
	{Name: "no-stack", Run: noStack},
	{Name: "no-stack-from-user", Run: noStackFromUser},
	{Name: "no-stack-at-all", Run: noStackAtAll},
	{Name: "no-user-root", Run: noUserRoot},
	{Name: "iret-nowhere", Run: iretNowhere},
	{Name: "iret-hypervisor", Run: iretHypervisor},
	{Name: "bad-stack", Run: badStack},
	{Name: "bad-frame", Run: badFrame},
	{Name: "stolen-stack", Run: stolenStack},
	{Name: "crash", Run: crash},
	{Name: "panic", Run: goPanic},
	{Name: "trap", Run: trap},
}}

// nowhere is an address where nothing is mapped.
const nowhere = 0x10_0000

// begin says that what follows should be the end.
func begin() { pv.Print("fatal: begins") }

func undefined()

// undefinedOn executes UD2 with a stack pointer.
func undefinedOn(sp uint64)

// iretFrom makes the hypercall iret with a stack pointer.
func iretFrom(sp uint64)

func userSyscall()

// noHandler: the guest's table has no entry for what its kernel raises.
func noHandler(t *pv.T) {
	pv.Need("set_trap_table", pv.SetTrapTable(nil))
	begin()
	undefined()
	t.Failf("the domain lives on")
}

// noStack: there is no memory for the frame of a trap in the kernel.
func noStack(t *pv.T) {
	begin()
	undefinedOn(nowhere)
	t.Failf("the domain lives on")
}

// noStackFromUser: nor for that of one in user mode.
func noStackFromUser(t *pv.T) {
	var u pv.User
	u.Start(userSyscall)
	pv.Need("stack_switch", pv.StackSwitch(hypercall.FLAT_KERNEL_SS, nowhere))
	begin()
	u.Run()
	t.Failf("the domain lives on")
}

// noStackAtAll: the kernel's stack pointer is in the hypervisor's part of the address space.
func noStackAtAll(t *pv.T) {
	begin()
	undefinedOn(hypercall.HYPERVISOR_VIRT_END - 8)
	t.Failf("the domain lives on")
}

func noUserRoot(t *pv.T) {
	var u pv.User
	u.Start(userSyscall)
	pv.DropUserRoot()
	begin()
	u.Run()
	t.Failf("the domain lives on")
}

func iretNowhere(t *pv.T) {
	begin()
	iretFrom(nowhere)
	t.Failf("the domain lives on")
}

func iretHypervisor(t *pv.T) {
	begin()
	iretFrom(hypercall.HYPERVISOR_VIRT_START + 1<<39)
	t.Failf("the domain lives on")
}

// crash is the kernel's own word.
func crash(t *pv.T) {
	begin()
	pv.Shutdown(hypercall.SHUTDOWN_crash)
}

// goPanic is how a guest of Go ends that has a mistake.
func goPanic(t *pv.T) {
	begin()
	var list [4]int
	list[pv.Number("index=", 4)] = 1
	t.Failf("the domain lives on, with %d", uint64(list[0]))
}

// trap is how it ends at one that it does not expect.
func trap(t *pv.T) {
	begin()
	undefined()
	t.Failf("the domain lives on")
}
