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
// RegsXMM0, …); a test compares.
//
// The slot of RSP goes unused: the stack pointer is in the control block, and
// reached through the container.
//
// The three vector registers are those that the kernel's own code uses: the
// compiler copies with XMM0 and XMM14 and keeps a zero in XMM15. The build
// refuses code that uses another (XMM in the Makefile). What the kernel does not
// use (XMM1 to XMM13, the upper halves of YMM, MXCSR, x87) stays in the processor
// while a vCPU is on it and moves with the vCPU: see container.
type Regs struct {
	GPR                [GPRs]uint64
	XMM0, XMM14, XMM15 [2]uint64
}

// Offsets within Regs that the entry code relies on, in bytes.
const (
	RegsGPR   = unsafe.Offsetof(Regs{}.GPR)
	RegsXMM0  = unsafe.Offsetof(Regs{}.XMM0)
	RegsXMM14 = unsafe.Offsetof(Regs{}.XMM14)
	RegsXMM15 = unsafe.Offsetof(Regs{}.XMM15)
)
