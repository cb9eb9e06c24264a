package domain

import (
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// Stub is the page of a paravirtual vCPU that the code at privilege level 0 of its
// container works with, and the hypervisor too: only one of the two runs at a time. The
// guest can't reach it. pv/stub.S has the offsets. Who writes a field stands beside it.
type Stub struct {
	TSS TaskState

	// Kernel: the guest is in its kernel mode, not in user mode. The processor
	// is at CPL 3 in both.
	Kernel bool // [both]

	// Returns: an iret to the kernel needs nothing of the hypervisor.
	Returns bool // [tuco]

	// SyscallMasks, FaultMasks: 1 if the entry for SYSCALL, for page faults, begins
	// with events masked, or 0.
	SyscallMasks, FaultMasks uint8 // [tuco]

	// IOKernel and IOUser are TSS.IOBase in each mode.
	IOKernel, IOUser uint16 // [tuco]

	// KernelRoot and UserRoot are CR3 in each mode. UserRoot is 0 where an iret to user
	// mode needs the hypervisor.
	KernelRoot, UserRoot frame.MAddr // [tuco]

	// KernelSP is the stack for entries from user mode, as the guest has named it;
	// StackTop is where the stub begins to push: see SetKernelSP.
	KernelSP, StackTop uint64 // [both]

	// Syscall and Fault are the guest's entries for SYSCALL by 64-bit user code and for
	// page faults; 0: that needs the hypervisor.
	Syscall, Fault uint64 // [tuco]

	// Info is where the guest's vcpu_info appears to the stub.
	Info uint64 // [tuco]

	// CR2 is what the guest reads back.
	CR2 uint64 // [both]

	// What was in the registers when a call, and a page fault, began.
	Call struct {
		RAX, RBX, RSP uint64 // [stub]
	}
	AtFault struct {
		RAX, RBX, CR2 uint64 // [stub]
	}

	// Return is what IRET takes: CS and SS stay as they are.
	Return Interrupted // [stub]

	_ uint64

	// IDT is the interrupt descriptor table, up to page faults.
	IDT [StubVectors][2]uint64 // [tuco]

	// Own is what IRET takes where the guest returns to segments of its own.
	Own Interrupted // [stub]

	_ [3432]byte

	// The stack's end: where the processor writes the frame of a page fault, and below
	// it that of one that happens while the first is being told to the guest.
	Nested FaultFrame // [processor]
	_      [16]byte
	Frame  FaultFrame // [processor]
}

// StubVectors is how many entries the stub's interrupt descriptor table has.
const StubVectors = 15

// TaskState is a task state segment. Its I/O permission bitmap follows the page.
// APM vol. 2, "64-Bit Task State Segment".
type TaskState struct {
	_       [0x24]byte
	IST1    uint32 // lower half of the stack for page faults [both]
	IST1Top uint32 // upper half [tuco]
	_       [0x66 - 0x2c]byte
	IOBase  uint16 // offset of the bitmap [both]
}

// Interrupted is what the processor keeps of interrupted code, and IRET loads.
type Interrupted struct{ RIP, CS, RFLAGS, RSP, SS uint64 }

// FaultFrame is what it pushes for a fault with an error code.
type FaultFrame struct {
	Code uint64
	Interrupted
}

// NoStack is no address at all: what is pushed there faults, so that the hypervisor
// looks at it.
const NoStack = 1 << 63

// SetKernelSP names the stack for entries from user mode. One that begins in the
// reserved area is not for the stub, which could write there.
func (s *Stub) SetKernelSP(sp uint64) {
	s.KernelSP, s.StackTop = sp, sp&^15
	if slot := sp >> 39 & (pagetype.Entries - 1); slot >= pagetype.FirstSlot && slot < pagetype.EndSlot {
		s.StackTop = NoStack
	}
}
