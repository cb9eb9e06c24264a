package domain

import (
	"sync/atomic"

	"tuco/kernel/frame"
)

// PV is what a paravirtual vCPU has beside what its container holds. Package
// pv gives it its meaning.
type PV struct {
	// Stub is what the code at the container's privilege level 0 works with: in which
	// mode the guest is, the stack of its kernel, and more.
	Stub *Stub

	// Gate is where the processor goes on after the instruction of a hypercall.
	Gate uint64

	// Returned: iret was made, and its result only looks like Continue.
	Returned bool

	// Traps is the guest's interrupt descriptor table.
	Traps *[256]Gate

	Callbacks [Callbacks]Callback

	// CR4 is what the guest reads back.
	CR4 uint64

	// XCR0 is what the guest has set.
	XCR0 uint64

	// IOPL is the I/O privilege level by PHYSDEVOP_set_iopl. IOBitmap is the
	// guest's address of a bitmap of IOPorts ports that user mode may not use.
	// ShowsIOPL: frames have it, for the guest has turned VMASST_TYPE_architectural_iopl on.
	IOPL      uint8
	ShowsIOPL bool
	IOBitmap  frame.VAddr
	IOPorts   uint32

	// GDTFrames are the frames of the descriptor table, as many as GDTEntries
	// need; each holds a reference as descriptors.
	GDTFrames  [GDTPages]frame.MFN
	GDTEntries uint32

	// LDTBase and LDTEntries are the guest's address and size of its LDT. A page
	// of it that has been used has its frame here, and a reference.
	LDTBase    frame.VAddr
	LDTEntries uint32
	LDTFrames  [LDTPages]frame.MFN

	// Area is where the vCPU's part of the reserved area is in the guest's address
	// space, and Window its page-table entries.
	Area   frame.VAddr
	Window *[AreaPages]atomic.Uint64

	// NMIPending, NMIMasked: an NMI waits; one is being handled.
	NMIPending, NMIMasked bool

	// Frames are those of the hypervisor's that the vCPU is made of.
	Frames [VCPUFrames]frame.MFN
}

// Gate is an entry of a guest's interrupt descriptor table. Address 0: none.
type Gate struct {
	Address uint64
	CS      uint16
	Flags   uint8 // as in hypercall.TrapInfo
	_       [5]byte
}

// Callback is where the guest wants to be entered.
type Callback struct {
	Address uint64
	Masks   bool // with events masked
}

// The callbacks that a guest may have.
const (
	CallbackEvent = iota
	CallbackFailsafe
	CallbackSyscall
	CallbackSyscall32
	CallbackSysenter
	Callbacks
)

// Sizes of a vCPU's part of the reserved area, in pages.
const (
	GDTPages  = 14 // those that are the guest's
	LDTPages  = 16
	AreaPages = 64
	// VCPUFrames is how many frames a vCPU has of the hypervisor's.
	VCPUFrames = 4
)
