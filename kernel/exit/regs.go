package exit

import "unsafe"

// GPR numbers a general register as instructions encode it.
type GPR uint8

// The general registers.
const (
	RAX GPR = iota
	RCX
	RDX
	RBX
	RSP
	RBP
	RSI
	RDI
	R8
	R9
	R10
	R11
	R12
	R13
	R14
	R15
	GPRs
)

// Regs is the part of a guest's state that the processor leaves to software
// at an exit. The entry code of both vendors knows the offsets (RegsGPR,
// RegsXMM); a test compares.
//
// The slot of RSP goes unused: the stack pointer is in the control block, and
// reached through the container.
//
// The XMM registers are here because the kernel's own code uses them. What it
// does not use (x87, MXCSR, the upper halves of YMM) stays in the processor
// while a vCPU is on it and moves with the vCPU: see container.
type Regs struct {
	GPR [GPRs]uint64
	XMM [16][2]uint64
}

// Offsets within Regs that the entry code relies on, in bytes.
const (
	RegsGPR  = unsafe.Offsetof(Regs{}.GPR)
	RegsXMM  = unsafe.Offsetof(Regs{}.XMM)
	RegsSize = unsafe.Sizeof(Regs{})
)
