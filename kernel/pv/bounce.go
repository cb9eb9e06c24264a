package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/x86"
)

// The frame that an entry writes, from the stack pointer up, in words:
//
//	RCX, R11, [error code,] RIP, CS and mask, RFLAGS, RSP, SS
//
// The ABI has another entry, the failsafe callback, for selectors that can't be loaded
// again. A container keeps what is loaded, so nothing ever is.
//
// Public header arch-x86/xen-x86_64.h, "trap frame".
const (
	frameWords = 8
	errorAt    = 2 // the error code; without one, RCX and R11 are a word higher up
	ripAt      = 3

	noCode = 1 << 32 // no error code
)

// enter makes the guest's kernel run a handler next, with a frame of what it
// interrupts on its stack: the one that it is on, or, from user mode, the one
// that stack_switch has named. With masks, events are masked at the handler's start.
// A stack that can't be written to ends the domain.
func enter(v *domain.VCPU, handler uint64, masks bool, code uint64) {
	if handler == 0 {
		Crash(v, "the guest has no handler for what befell it")
		return
	}
	c := &v.Container
	sp, level := c.RSP(), uint64(selectorRPL)
	if v.PV.Stub.Kernel {
		level = 0 // tells the guest that it was in its kernel
	} else {
		toKernel(v)
		sp = v.PV.Stub.KernelSP
	}
	sp = sp&^15 - frameWords*8
	var flags uint64
	if f := v.KernelMemory.DirectFrame(frame.VAddr(sp)); f != nil {
		flags = describe(v, f, level, code)
	} else if !enterApart(v, sp, level, code, &flags) {
		Crash(v, "the guest kernel's stack can't be written to")
		return
	}
	if code == noCode {
		sp += 8
	}
	if masks {
		v.Upcalls.MaskUpcalls()
	}
	const cleared = x86.FlagTF | x86.FlagNT | x86.FlagRF | x86.FlagAC
	c.GoFlat(handler, sp, userFlags(flags)&^cleared, hypercall.FLAT_KERNEL_CS64, hypercall.FLAT_KERNEL_SS64)
}

// describe writes a frame of what the guest is at, and returns its flags. Of the
// selector of its code it shows these bits of the privilege level. Without an error code the
// first word is none of the frame's.
func describe(v *domain.VCPU, f *[frameWords]uint64, level, code uint64) (flags uint64) {
	rip, cs, flags, rsp, ss := interrupted(v)
	shown := flags &^ (x86.FlagIF | x86.FlagIOPL)
	cs &= level | ^uint64(selectorRPL)
	if v.Upcalls.UpcallMasked() {
		cs |= 1 << 32
	} else {
		shown |= x86.FlagIF
	}
	if v.PV.ShowsIOPL {
		shown |= uint64(v.PV.IOPL) << 12
	}
	r := &v.Container.Regs.GPR
	if code == noCode {
		f[1], f[2] = r[exit.RCX], r[exit.R11]
	} else {
		f[0], f[1], f[errorAt] = r[exit.RCX], r[exit.R11], code
	}
	f[ripAt], f[ripAt+1], f[ripAt+2], f[ripAt+3], f[ripAt+4] = rip, cs, shown, rsp, ss
	return flags
}

// enterApart writes a frame that is on two pages, or on none. False: it can't be written.
//
//go:noinline
func enterApart(v *domain.VCPU, sp, level, code uint64, flags *uint64) bool {
	var f [frameWords]uint64
	*flags = describe(v, &f, level, code)
	words := f[:]
	if code == noCode {
		words, sp = words[1:], sp+8
	}
	return guestmem.PutAll(&v.KernelMemory, frame.VAddr(sp), words)
}

// bounce hands an exception to the guest.
func bounce(v *domain.VCPU, vector x86.Vector, code uint32) {
	gate, pushed := &v.PV.Traps[vector], uint64(noCode)
	if vector.HasErrorCode() {
		pushed = uint64(code)
	}
	enter(v, gate.Address, gate.Flags&gateMasks != 0, pushed)
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
	gate := &v.PV.Traps[x86.VectorPF]
	enter(v, gate.Address, gate.Flags&gateMasks != 0, uint64(code))
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
	enter(v, gate.Address, gate.Flags&gateMasks != 0, noCode)
}

// enterCallback enters the guest's kernel at a callback.
func enterCallback(v *domain.VCPU, which int) {
	cb := &v.PV.Callbacks[which]
	enter(v, cb.Address, cb.Masks, noCode)
}
