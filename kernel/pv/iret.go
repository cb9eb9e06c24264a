package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/sharedinfo"
	"tuco/kernel/x86"
)

// Words of the frame of iret: struct iret_context. Public header arch-x86/xen-x86_64.h.
const (
	iretRAX = iota
	iretR11
	iretRCX
	iretHow // VGCF_in_syscall, or not
	iretRIP
	iretCS
	iretRFLAGS
	iretRSP
	iretSS
)

// IRET is the hypercall iret: the guest's kernel returns from an entry, by the
// frame at its stack pointer. The result is what RAX is to be. A frame that
// can't be read, or a return to user mode without tables for it, ends the
// domain; a state that the processor would refuse gets the fault that it would
// get, as of the state returned to.
//
// The frame is read where it is, each word once: the guest may change it meanwhile.
func IRET(v *domain.VCPU, _ *hypercall.Args) int64 {
	c := &v.Container
	f := v.KernelMemory.IretFrame(frame.VAddr(c.RSP()))
	var cs, ss uint64
	if f != nil {
		cs, ss = f[iretCS].Load(), f[iretSS].Load()
	}
	if f == nil || (cs|ss)&selectorTI != 0 {
		// It lies on two pages; or flushes may be answered before all of it is read.
		var apart guestmem.Iret
		if !v.KernelMemory.GetIret(&apart, frame.VAddr(c.RSP())) {
			Crash(v, "iret: the frame can't be read")
			return 0
		}
		f = &apart
		cs, ss = f[iretCS].Load(), f[iretSS].Load()
		if !Ready(v, uint16(cs)) || !Ready(v, uint16(ss)) {
			return domain.Continue // nothing has changed yet
		}
	}
	kernel := cs&selectorRPL != selectorRPL
	if !kernel && *v.UserMemory.Root == frame.NoMFN {
		Crash(v, "iret: to user mode, without page tables for it")
		return 0
	}
	setMode(v, kernel)
	how, rip, rflags := f[iretHow].Load(), f[iretRIP].Load(), f[iretRFLAGS].Load()
	if v.PV.ShowsIOPL {
		SetIOPL(v, uint8(rflags>>12&3))
	}
	r := &c.Regs.GPR
	if how&hypercall.VGCF_in_syscall == 0 {
		r[exit.R11], r[exit.RCX] = f[iretR11].Load(), f[iretRCX].Load()
	} else {
		// As SYSRET leaves them, whatever the frame says.
		r[exit.R11], r[exit.RCX] = rflags, rip
		if cs != hypercall.FLAT_RING3_CS32 {
			cs = cs&selectorRPL | hypercall.FLAT_RING3_CS64&^selectorRPL
		}
		ss = hypercall.FLAT_RING3_SS64
	}
	rax, rsp := f[iretRAX].Load(), f[iretRSP].Load()
	r[exit.RAX] = rax
	var upcalls *sharedinfo.VCPU = v.Upcalls // as in trap.Run
	if rflags&x86.FlagIF != 0 {
		upcalls.UnmaskUpcalls()
	} else {
		upcalls.MaskUpcalls()
	}
	if v.PV.NMIMasked {
		endNMI(v)
	}
	if cs|selectorRPL == hypercall.FLAT_RING3_CS64 && ss|selectorRPL == hypercall.FLAT_RING3_SS64 && frame.VAddr(rip).Canonical() {
		c.GoFlat(rip, rsp, userFlags(rflags), hypercall.FLAT_RING3_CS64, hypercall.FLAT_RING3_SS64)
	} else {
		c.SetRIP(rip)
		c.SetRSP(rsp)
		c.SetRFLAGS(userFlags(rflags))
		returnTo(v, uint16(cs)|selectorRPL, uint16(ss)|selectorRPL)
	}
	v.PV.Returned = int64(rax) == domain.Continue
	return int64(rax)
}

// endNMI lets NMIs in again.
//
//go:noinline
func endNMI(v *domain.VCPU) {
	v.PV.NMIMasked = false
	v.Want(domain.WantStub)
	if v.PV.NMIPending {
		v.Want(domain.WantNMI)
	}
}

// returnTo loads what a return to other segments than the flat ones loads, or to an address that
// no code can be at.
func returnTo(v *domain.VCPU, cs, ss uint16) {
	if loadReturn(v, cs, ss) && !v.Container.CanEnter() {
		refuseReturn(v, cs, ss, x86.VectorGP, 0)
	}
}
