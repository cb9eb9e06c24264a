package pv

import "tuco/hypercall"

// trapTable has an entry for each vector, and one that ends it.
var trapTable [257]hypercall.TrapInfo

// SyscallVector is one that user mode may raise by INT n, as it may BP and OF.
const SyscallVector = 0x80

const stubSize = 5

// stub is where a vector's code begins.
func stub(v Vector) uint64 { return vectorsAt() + stubSize*uint64(v) }

// setTraps gives all vectors and callbacks of this vCPU to this package. A page fault's handler starts with events
// masked: its address is in memory that another fault would overwrite.
func setTraps() {
	for v := range Vector(256) {
		dpl := uint8(0)
		if v == BP || v == OF || v == SyscallVector {
			dpl = 3
		}
		t := &trapTable[v]
		*t = hypercall.TrapInfo{Vector: uint8(v), CS: hypercall.FLAT_KERNEL_CS, Address: stub(v)}
		t.SetFlags(dpl, v == PF)
	}
	Call(hypercall.HYPERVISOR_set_trap_table, Address(&trapTable), 0, 0, 0, 0)
	for v := Event; v < vectors; v++ {
		setCallback(v)
	}
	Call(hypercall.HYPERVISOR_stack_switch, hypercall.FLAT_KERNEL_SS, This().trapHigh, 0, 0, 0)
}

// callbackTypes are the types of the vectors from Event on.
var callbackTypes = [vectors - Event]uint16{
	hypercall.CALLBACKTYPE_event, hypercall.CALLBACKTYPE_failsafe, hypercall.CALLBACKTYPE_syscall,
	hypercall.CALLBACKTYPE_syscall32, hypercall.CALLBACKTYPE_sysenter, hypercall.CALLBACKTYPE_nmi,
}

func setCallback(v Vector) {
	arg := hypercall.CallbackRegister{Type: callbackTypes[v-Event], Address: stub(v)}
	command(hypercall.HYPERVISOR_callback_op, hypercall.CALLBACKOP_register, &arg)
}
