package pv

import "tuco/hypercall"

// Vector says what happened: an exception's or interrupt's number below 256, or a callback.
type Vector uint64

// The exceptions that have names here, and the callbacks.
const (
	DE Vector = 0  // divide error
	DB Vector = 1  // debug
	BP Vector = 3  // breakpoint
	OF Vector = 4  // overflow
	UD Vector = 6  // undefined opcode
	NM Vector = 7  // no FPU
	NP Vector = 11 // segment not present
	SS Vector = 12 // stack fault
	GP Vector = 13 // general protection
	PF Vector = 14 // page fault
	MF Vector = 16 // x87 error
	AC Vector = 17 // alignment check
	XM Vector = 19 // SIMD error

	Event     Vector = 256 // an event upcall
	Failsafe  Vector = 257 // a state that can't be restored
	Syscall64 Vector = 258 // SYSCALL in user mode
	Syscall32 Vector = 259 // the same in 32-bit user mode
	Sysenter  Vector = 260
	NMI       Vector = 261

	vectors = 262

	// None is the vector of a Trap that did not happen.
	None Vector = 1 << 32
)

// withError has a bit for each exception that pushes an error code.
const withError = 1<<8 | 1<<10 | 1<<11 | 1<<12 | 1<<13 | 1<<14 | 1<<17 | 1<<21 | 1<<29 | 1<<30

// Trap is what a trap told.
type Trap struct {
	Vector Vector
	Error  uint64
	CR2    uint64 // with a page fault
	// What was interrupted.
	RIP, CS, RFLAGS, RSP, SS uint64
	// UpcallMask is whether upcalls were masked before.
	UpcallMask bool
	// Masked is whether they were when the handler started.
	Masked bool
	// EntryFlags is the flags register when the handler started.
	EntryFlags uint64
	// Selectors are DS, ES, FS and GS, as the failsafe callback gets them.
	Selectors [4]uint64
	// BounceSP is where the hypervisor left the stack pointer: at the saved RCX.
	BounceSP uint64
}

// Frame is the state that a trap interrupted. The order is that of common in vectors_amd64.s.
type Frame struct {
	Trap
	XMM [16][2]uint64

	R15, R14, R13, R12, BP, BX, R10, R9, R8, DX, SI, DI uint64

	// Iret has the rest, in the form that the hypercall iret takes.
	Iret hypercall.IretContext
}

// FromUser tells whether the trap came from user mode: a kernel's selector has privilege level 0 in a
// frame.
func (f *Frame) FromUser() bool { return f.Iret.CS&3 == 3 }

// saved is what common finds and leaves on the stack that was interrupted.
type saved struct {
	r15, r14, r13, r12, bp, bx, r10, r9, r8, dx, si, di, ax uint64
	flags                                                   uint64 // at the handler's start
	stub                                                    uint64 // return address of a call in vectors
	rcx, r11                                                uint64 // here the hypervisor's part begins
	rest                                                    [10]uint64
}

// The bits of the word in which CS stands.
const (
	selectorMask   = 0xffff
	savedMaskShift = 32
)

// complete makes a frame of what was saved.
func (f *Frame) complete(s *saved, c *CPU) {
	f.R15, f.R14, f.R13, f.R12, f.BP, f.BX = s.r15, s.r14, s.r13, s.r12, s.bp, s.bx
	f.R10, f.R9, f.R8, f.DX, f.SI, f.DI = s.r10, s.r9, s.r8, s.dx, s.si, s.di
	const callSize = 5
	f.Trap = Trap{
		Vector:   Vector((s.stub-vectorsAt())/callSize - 1),
		BounceSP: Address(&s.rcx), EntryFlags: s.flags,
	}
	rest := s.rest[:]
	switch {
	case f.Vector == Failsafe:
		f.Selectors = [4]uint64(rest)
		rest = rest[4:]
	case f.Vector < 32 && withError>>f.Vector&1 != 0:
		f.Error = rest[0]
		rest = rest[1:]
	}
	if f.Vector == PF {
		f.CR2 = c.Info.Arch.CR2
	}
	f.RIP, f.CS, f.RFLAGS, f.RSP, f.SS = rest[0], rest[1]&selectorMask, rest[2], rest[3], rest[4]
	f.Masked = c.Info.EvtchnUpcallMask != 0
	f.UpcallMask = rest[1]>>savedMaskShift&0xff != 0
	f.Iret = hypercall.IretContext{
		RAX: s.ax, R11: s.r11, RCX: s.rcx,
		RIP: f.RIP, CS: f.CS, RFLAGS: f.RFLAGS, RSP: f.RSP, SS: f.SS,
	}
}
