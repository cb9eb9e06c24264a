package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// IRET is the hypercall iret: the guest's kernel returns from an entry, by the
// frame at its stack pointer. The result is what RAX is to be. A frame that
// can't be read, or a return to user mode without tables for it, ends the
// domain; a state that the processor would refuse gets the fault that it would
// get, as of the state returned to.
func IRET(v *domain.VCPU, _ *hypercall.Args) int64 {
	c := &v.Container
	var f hypercall.IretContext
	if !v.KernelMemory.GetIret(&f, frame.VAddr(c.RSP())) {
		Crash(v, "iret: the frame can't be read")
		return 0
	}
	if f.CS&selectorRPL == 3 && !hasUserRoot(v) {
		Crash(v, "iret: to user mode, without page tables for it")
		return 0
	}
	if (f.CS|f.SS)&selectorTI != 0 && (!Ready(v, uint16(f.CS)) || !Ready(v, uint16(f.SS))) {
		return domain.Continue // nothing has changed yet
	}
	if v.PV.ShowsIOPL {
		SetIOPL(v, uint8(f.RFLAGS>>12&3))
	}
	if f.Flags&hypercall.VGCF_in_syscall == 0 {
		c.Regs.GPR[exit.R11], c.Regs.GPR[exit.RCX] = f.R11, f.RCX
	} else {
		// As SYSRET leaves them, whatever the frame says.
		c.Regs.GPR[exit.R11], c.Regs.GPR[exit.RCX] = f.RFLAGS, f.RIP
		if f.CS != hypercall.FLAT_RING3_CS32 {
			f.CS = f.CS&selectorRPL | hypercall.FLAT_RING3_CS64&^selectorRPL
		}
		f.SS = hypercall.FLAT_RING3_SS64
	}
	if f.RFLAGS&x86.FlagIF != 0 {
		v.Upcalls.UnmaskUpcalls()
	} else {
		v.Upcalls.MaskUpcalls()
	}
	if v.PV.NMIMasked {
		v.PV.NMIMasked = false
		v.Want(domain.WantStub)
		if v.PV.NMIPending {
			v.Want(domain.WantNMI)
		}
	}
	setMode(v, f.CS&selectorRPL != 3)
	c.Regs.GPR[exit.RAX] = f.RAX
	cs, ss, flags := uint16(f.CS)|3, uint16(f.SS)|3, userFlags(f.RFLAGS)
	if cs == hypercall.FLAT_RING3_CS64 && ss == hypercall.FLAT_RING3_SS64 && frame.VAddr(f.RIP).Canonical() {
		c.GoFlat(f.RIP, f.RSP, flags, cs, ss)
	} else {
		c.SetRIP(f.RIP)
		c.SetRSP(f.RSP)
		c.SetRFLAGS(flags)
		returnTo(v, cs, ss)
	}
	v.PV.Returned = int64(f.RAX) == domain.Continue
	return int64(c.Regs.GPR[exit.RAX])
}

// returnTo loads what a return to other segments than the flat ones loads, or to an address that
// no code can be at.
func returnTo(v *domain.VCPU, cs, ss uint16) {
	switch {
	case !loadCode(v, cs):
		refuseReturn(v, cs, ss, uint32(cs&^3))
	case !loadStack(v, ss):
		refuseReturn(v, cs, ss, uint32(ss&^3))
	case !v.Container.CanEnter():
		refuseReturn(v, cs, ss, 0)
	}
}

// refuseReturn gives the guest the fault of a return that the processor would
// refuse. The selectors are shown in the frame as they were asked for.
func refuseReturn(v *domain.VCPU, cs, ss uint16, code uint32) {
	setFlat(&v.Container, exit.CS, cs, code64)
	setFlat(&v.Container, exit.SS, ss, data)
	bounce(v, x86.VectorGP, code)
}
