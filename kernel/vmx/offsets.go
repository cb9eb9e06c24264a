package vmx

//lint:file-ignore U1000 run_amd64.s uses them

import (
	"unsafe"

	"tuco/kernel/exit"
)

// Constants for the entry code: the assembler sees this package's only.
const (
	regsGPR   = exit.RegsGPR
	regsXMM0  = exit.RegsXMM0
	regsXMM14 = exit.RegsXMM14
	regsXMM15 = exit.RegsXMM15

	lengthVMCALL = exit.HypercallLength

	rax = exit.RAX
	rcx = exit.RCX
	rdx = exit.RDX
	rbx = exit.RBX
	rbp = exit.RBP
	rsi = exit.RSI
	rdi = exit.RDI
	r8  = exit.R8
	r9  = exit.R9
	r10 = exit.R10
	r11 = exit.R11
	r12 = exit.R12
	r13 = exit.R13
	r14 = exit.R14
	r15 = exit.R15
)

// The entry code reaches the head of a Guest by offsets of one signed byte,
// and launched and pending by one store.
const (
	_ = uint(127 - unsafe.Offsetof(Guest{}.pending))
	_ = uint(unsafe.Offsetof(Guest{}.pending) - unsafe.Offsetof(Guest{}.launched) - 1)
	_ = uint(unsafe.Offsetof(Guest{}.launched) + 1 - unsafe.Offsetof(Guest{}.pending))
)
