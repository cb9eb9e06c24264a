package pv

import (
	"encoding/binary"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// entry is a way into the guest's kernel.
type entry struct {
	rip     uint64
	masks   bool // events are masked at the handler's start
	hasCode bool // push code
	code    uint32
}

// The frame that an entry writes, from the stack pointer up, in words:
//
//	RCX, R11, [error code,] RIP, CS and mask, RFLAGS, RSP, SS
//
// The ABI has another entry, the failsafe callback, for selectors that can't be loaded
// again. A container keeps what is loaded, so nothing ever is.
//
// Public header arch-x86/xen-x86_64.h, "trap frame".
const maxFrame = 2 + 1 + 5

// enter makes the guest's kernel run an entry next, with a frame of what it
// interrupts on its stack: the one that it is on, or, from user mode, the one
// that stack_switch has named. A stack that can't be written to ends the domain.
func enter(v *domain.VCPU, e *entry) {
	if e.rip == 0 {
		Crash(v, "the guest has no handler for what befell it")
		return
	}
	c := &v.Container
	if atGate(v) {
		leaveGate(v)
	}
	var f frameWriter
	cs := c.Segment(exit.CS).Selector
	sp := c.RSP()
	if v.PV.Stub.Kernel {
		cs &^= selectorRPL // tells the guest that it was in its kernel
	} else {
		setMode(v, true)
		sp = v.PV.Stub.KernelSP
	}
	rsp, flags := c.RSP(), c.RFLAGS()&^(x86.FlagIF|x86.FlagIOPL)
	masked := uint64(0)
	if v.Upcalls.UpcallMasked() {
		masked = 1
	} else {
		flags |= x86.FlagIF
	}
	if v.Domain.Assisted(hypercall.VMASST_TYPE_architectural_iopl) {
		flags |= uint64(v.PV.IOPL) << 12
	}
	f.push(c.Regs.GPR[exit.RCX])
	f.push(c.Regs.GPR[exit.R11])
	if e.hasCode {
		f.push(uint64(e.code))
	}
	f.push(c.RIP())
	f.push(uint64(cs) | masked<<32)
	f.push(flags)
	f.push(rsp)
	f.push(uint64(c.Segment(exit.SS).Selector))

	sp = sp&^15 - uint64(f.n)
	kernel := KernelView(v)
	if _, ok := kernel.Write(frame.VAddr(sp), f.bytes[:f.n]); !ok {
		Crash(v, "the guest kernel's stack can't be written to")
		return
	}
	if e.masks {
		v.Upcalls.MaskUpcalls()
	}
	setFlat(c, exit.CS, hypercall.FLAT_KERNEL_CS64, code64)
	setFlat(c, exit.SS, hypercall.FLAT_KERNEL_SS64, data)
	c.SetRSP(sp)
	c.Divert(e.rip)
	c.SetRFLAGS(userFlags(c.RFLAGS()) &^ (x86.FlagTF | x86.FlagNT | x86.FlagRF | x86.FlagAC))
}

// frameWriter gathers a frame's words.
type frameWriter struct {
	bytes [maxFrame * 8]byte
	n     int
}

func (f *frameWriter) push(w uint64) {
	binary.LittleEndian.PutUint64(f.bytes[f.n:], w)
	f.n += 8
}

// bounce hands an exception to the guest.
func bounce(v *domain.VCPU, vector x86.Vector, code uint32) {
	gate := &v.PV.Traps[vector]
	enter(v, &entry{
		rip: gate.Address, masks: gate.Flags&gateMasks != 0,
		hasCode: vector.HasErrorCode(), code: code,
	})
}

// bouncePageFault hands a page fault to the guest. Whether it was the guest's
// user or its kernel the processor does not know.
func bouncePageFault(v *domain.VCPU, at frame.VAddr, code uint32) {
	code |= x86.PFUser
	if v.PV.Stub.Kernel {
		code &^= x86.PFUser
	}
	v.PV.Stub.CR2 = uint64(at)
	v.Upcalls.CR2.Store(uint64(at))
	bounce(v, x86.VectorPF, code)
}

// Bits of a gate's flags: see hypercall.TrapInfo.
const (
	gateDPL   = 3
	gateMasks = 1 << 2
)

// softwareInterrupt is INT n, INT3 or INTO at the guest's RIP, of so many bytes.
func softwareInterrupt(v *domain.VCPU, vector x86.Vector, length uint8) {
	gate := &v.PV.Traps[vector]
	level := uint8(3)
	if v.PV.Stub.Kernel {
		level = 1
	}
	if gate.Flags&gateDPL < level {
		bounce(v, x86.VectorGP, uint32(vector)<<3|2)
		return
	}
	v.Container.Skip(length)
	enter(v, &entry{rip: gate.Address, masks: gate.Flags&gateMasks != 0})
}

// enterCallback enters the guest's kernel at a callback.
func enterCallback(v *domain.VCPU, which int) {
	cb := &v.PV.Callbacks[which]
	enter(v, &entry{rip: cb.Address, masks: cb.Masks})
}
