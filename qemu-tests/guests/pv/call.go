package pv

import "tuco/hypercall"

// Call makes a hypercall through the hypercall page. Arguments that it does not take are ignored.
func Call(n hypercall.Number, a1, a2, a3, a4, a5 uint64) (result uint64)

// Syscall makes a hypercall by a SYSCALL instruction of its own.
func Syscall(n hypercall.Number, a1, a2, a3, a4, a5 uint64) (result uint64)

func command[T any](n hypercall.Number, cmd uint64, arg *T) uint64 {
	return Call(n, cmd, Address(arg), 0, 0, 0)
}

// The calls that take a command and what it works on, which may be nil.

// SchedOp is sched_op.
func SchedOp[T any](cmd uint64, arg *T) uint64 {
	return command(hypercall.HYPERVISOR_sched_op, cmd, arg)
}

// XenVersion is xen_version.
func XenVersion[T any](cmd uint64, arg *T) uint64 {
	return command(hypercall.HYPERVISOR_xen_version, cmd, arg)
}

// TucoOp is tuco_op.
func TucoOp[T any](cmd uint64, arg *T) uint64 {
	return command(hypercall.HYPERVISOR_tuco_op, cmd, arg)
}

// PhysdevOp is physdev_op.
func PhysdevOp[T any](cmd uint64, arg *T) uint64 {
	return command(hypercall.HYPERVISOR_physdev_op, cmd, arg)
}

// MemoryOp is memory_op.
func MemoryOp[T any](cmd uint64, arg *T) uint64 {
	return command(hypercall.HYPERVISOR_memory_op, cmd, arg)
}

// CallbackOp is callback_op.
func CallbackOp[T any](cmd uint64, arg *T) uint64 {
	return command(hypercall.HYPERVISOR_callback_op, cmd, arg)
}

// NMIOp is nmi_op.
func NMIOp[T any](cmd uint64, arg *T) uint64 {
	return command(hypercall.HYPERVISOR_nmi_op, cmd, arg)
}

// VCPUOp is vcpu_op.
func VCPUOp[T any](cmd uint64, vcpu uint32, arg *T) uint64 {
	return Call(hypercall.HYPERVISOR_vcpu_op, cmd, uint64(vcpu), Address(arg), 0, 0)
}

// VMAssist is vm_assist.
func VMAssist(cmd, kind uint64) uint64 {
	return Call(hypercall.HYPERVISOR_vm_assist, cmd, kind, 0, 0, 0)
}

// StackSwitch is stack_switch.
func StackSwitch(ss, sp uint64) uint64 {
	return Call(hypercall.HYPERVISOR_stack_switch, ss, sp, 0, 0, 0)
}

// SetSegmentBase is set_segment_base.
func SetSegmentBase(which, base uint64) uint64 {
	return Call(hypercall.HYPERVISOR_set_segment_base, which, base, 0, 0, 0)
}

// SetGDT is set_gdt.
func SetGDT(frames *hypercall.XenPFN, entries uint64) uint64 {
	return Call(hypercall.HYPERVISOR_set_gdt, Address(frames), entries, 0, 0, 0)
}

// UpdateDescriptor is update_descriptor.
func UpdateDescriptor(ma, descriptor uint64) uint64 {
	return Call(hypercall.HYPERVISOR_update_descriptor, ma, descriptor, 0, 0, 0)
}

// SetDebugreg is set_debugreg.
func SetDebugreg(reg, value uint64) uint64 {
	return Call(hypercall.HYPERVISOR_set_debugreg, reg, value, 0, 0, 0)
}

// GetDebugreg is get_debugreg.
func GetDebugreg(reg uint64) uint64 {
	return Call(hypercall.HYPERVISOR_get_debugreg, reg, 0, 0, 0, 0)
}

// SetTrapTable is set_trap_table; nil clears the table.
func SetTrapTable(table *hypercall.TrapInfo) uint64 {
	return Call(hypercall.HYPERVISOR_set_trap_table, Address(table), 0, 0, 0, 0)
}
