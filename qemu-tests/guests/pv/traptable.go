package pv

import "tuco/hypercall"

// SyscallVector is one that user mode may raise by INT n, as it may BP and OF.
const SyscallVector = 0x80

const stubSize = 5

// Stub is where a vector's code begins.
func Stub(v Vector) uint64 { return vectorsAt() + stubSize*uint64(v) }

// SetTraps gives all vectors and callbacks of this vCPU to this package. A page fault's handler starts with events
// masked: its address is in memory that another fault would overwrite.
func SetTraps() {
	for v := range Vector(256) {
		SetTrap(v, Level(v), v == PF)
	}
	for v := Event; v < vectors; v++ {
		SetCallback(v, false)
	}
	StackSwitch(hypercall.FLAT_KERNEL_SS, This().trapHigh)
}

// Level says who may raise a vector by INT n: 3 for user mode too.
func Level(v Vector) uint8 {
	if v == BP || v == OF || v == SyscallVector {
		return 3
	}
	return 0
}

// SetTrap sets who may raise a vector of this vCPU by INT n, and whether its handler starts with events masked.
func SetTrap(v Vector, level uint8, masks bool) {
	var table [2]hypercall.TrapInfo // the second ends it
	table[0] = hypercall.TrapInfo{Vector: uint8(v), CS: hypercall.FLAT_KERNEL_CS, Address: Stub(v)}
	table[0].SetFlags(level, masks)
	if SetTrapTable(&table[0]) != 0 {
		panic("can't set a trap's handler")
	}
}

// callbackTypes are the types of the vectors from Event on.
var callbackTypes = [vectors - Event]uint16{
	hypercall.CALLBACKTYPE_event, hypercall.CALLBACKTYPE_failsafe, hypercall.CALLBACKTYPE_syscall,
	hypercall.CALLBACKTYPE_syscall32, hypercall.CALLBACKTYPE_sysenter, hypercall.CALLBACKTYPE_nmi,
}

// SetCallback sets whether a callback of this vCPU starts with events masked.
func SetCallback(v Vector, masks bool) {
	arg := hypercall.CallbackRegister{Type: callbackTypes[v-Event], Address: Stub(v)}
	if masks {
		arg.Flags = hypercall.CALLBACKF_mask_events
	}
	CallbackOp(hypercall.CALLBACKOP_register, &arg)
}
