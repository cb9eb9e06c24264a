package container

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// RIP is the address of the instruction at which the guest will go on.
func (c *Container) RIP() uint64 {
	if vendor == AMD {
		return c.svm.RIP()
	}
	return c.vmx.RIP()
}

// SetRIP makes the guest go on elsewhere. An interrupt shadow stays: see Skip
// and Divert.
func (c *Container) SetRIP(v uint64) {
	if vendor == AMD {
		c.svm.SetRIP(v)
	} else {
		c.vmx.SetRIP(v)
	}
}

// Divert makes the guest go on at a handler, as the delivery of an event does
// that the processor has no part in: an interrupt shadow ends, and with it the
// debug exception that it holds off.
func (c *Container) Divert(rip uint64) {
	if vendor == AMD {
		c.svm.Divert(rip)
	} else {
		c.vmx.Divert(rip)
	}
}

// RSP is the guest's stack pointer.
func (c *Container) RSP() uint64 {
	if vendor == AMD {
		return c.svm.RSP()
	}
	return c.vmx.RSP()
}

// SetRSP sets the guest's stack pointer.
func (c *Container) SetRSP(v uint64) {
	if vendor == AMD {
		c.svm.SetRSP(v)
	} else {
		c.vmx.SetRSP(v)
	}
}

// RFLAGS is the guest's flags.
func (c *Container) RFLAGS() uint64 {
	if vendor == AMD {
		return c.svm.RFLAGS()
	}
	return c.vmx.RFLAGS()
}

// SetRFLAGS sets the guest's flags; bit 1 is set whatever v says.
func (c *Container) SetRFLAGS(v uint64) {
	if vendor == AMD {
		c.svm.SetRFLAGS(v)
	} else {
		c.vmx.SetRFLAGS(v)
	}
}

// GPR reads a general register, the stack pointer too.
func (c *Container) GPR(r exit.GPR) uint64 {
	if r == exit.RSP {
		return c.RSP()
	}
	return c.Regs.GPR[r&(exit.GPRs-1)]
}

// SetGPR writes a general register, the stack pointer too.
func (c *Container) SetGPR(r exit.GPR, v uint64) {
	if r == exit.RSP {
		c.SetRSP(v)
		return
	}
	c.Regs.GPR[r&(exit.GPRs-1)] = v
}

// CR reads control register 0, 2, 3, 4 or 8 as the guest would.
func (c *Container) CR(n uint8) uint64 {
	if vendor == AMD {
		return c.svm.CR(n)
	}
	return c.vmx.CR(n)
}

// SetCR writes control register 0, 2, 3, 4 or 8. No TLB entry is dropped.
func (c *Container) SetCR(n uint8, v uint64) {
	if vendor == AMD {
		c.svm.SetCR(n, v)
	} else {
		c.vmx.SetCR(n, v)
	}
}

// EFER is the guest's extended feature register as it would read it.
func (c *Container) EFER() uint64 {
	if vendor == AMD {
		return c.svm.EFER()
	}
	return c.vmx.EFER()
}

// SetEFER sets the guest's extended feature register.
func (c *Container) SetEFER(v uint64) {
	if vendor == AMD {
		c.svm.SetEFER(v)
	} else {
		c.vmx.SetEFER(v)
	}
}

// KernelGS is what SWAPGS exchanges with the base of GS.
func (c *Container) KernelGS() uint64 {
	if vendor == AMD {
		return c.svm.KernelGS()
	}
	return c.vmx.KernelGS()
}

// SetKernelGS sets it to an address that is canonical.
func (c *Container) SetKernelGS(v uint64) {
	if vendor == AMD {
		c.svm.SetKernelGS(v)
	} else {
		c.vmx.SetKernelGS(v)
	}
}

// SwapGS exchanges the base of GS with what SetKernelGS has set, like the instruction.
func (c *Container) SwapGS() {
	if vendor == AMD {
		c.svm.SwapGS()
	} else {
		c.vmx.SwapGS()
	}
}

// SetCR3 is SetCR for CR3.
func (c *Container) SetCR3(v uint64) {
	if vendor == AMD {
		c.svm.SetCR3(v)
	} else {
		c.vmx.SetCR3(v)
	}
}

// SetSyscall sets what SYSCALL uses while the guest runs.
func (c *Container) SetSyscall(s exit.Syscall) {
	if vendor == AMD {
		c.svm.SetSyscall(s)
	} else {
		c.vmx.SetSyscall(s)
	}
}

// CPL is the guest's current privilege level.
func (c *Container) CPL() uint8 {
	if vendor == AMD {
		return c.svm.CPL()
	}
	return c.vmx.CPL()
}

// CanEnter tells whether RIP is an address that code of the guest's code
// segment can be at. A processor refuses to enter a guest at another (which
// Run reports as exit.Invalid), and there are two ways to get there: a caller
// that sets RIP to what the guest wants, and Skip past an instruction at the
// end of the lower half.
func (c *Container) CanEnter() bool {
	rip := frame.VAddr(c.RIP())
	if c.EFER()&x86.EFERLMA != 0 && c.Segment(exit.CS).Attr&exit.SegmentLong != 0 {
		return rip.Canonical()
	}
	return rip < 1<<32
}

// Segment reads a segment register with its hidden part.
func (c *Container) Segment(r exit.SegmentRegister) exit.Segment {
	if vendor == AMD {
		return c.svm.Segment(r)
	}
	return c.vmx.Segment(r)
}

// SetSegment sets a segment register with its hidden part. SS decides the
// guest's privilege level.
func (c *Container) SetSegment(r exit.SegmentRegister, s exit.Segment) {
	if vendor == AMD {
		c.svm.SetSegment(r, s)
	} else {
		c.vmx.SetSegment(r, s)
	}
}

// SetBase sets the base of FS or GS, an address that is canonical.
func (c *Container) SetBase(r exit.SegmentRegister, base uint64) {
	if vendor == AMD {
		c.svm.SetBase(r, base)
	} else {
		c.vmx.SetBase(r, base)
	}
}

// GDT is the guest's global descriptor table register.
func (c *Container) GDT() exit.Table {
	if vendor == AMD {
		return c.svm.GDT()
	}
	return c.vmx.GDT()
}

// SetGDT sets the guest's global descriptor table register.
func (c *Container) SetGDT(t exit.Table) {
	if vendor == AMD {
		c.svm.SetGDT(t)
	} else {
		c.vmx.SetGDT(t)
	}
}

// IDT is the guest's interrupt descriptor table register.
func (c *Container) IDT() exit.Table {
	if vendor == AMD {
		return c.svm.IDT()
	}
	return c.vmx.IDT()
}

// SetIDT sets the guest's interrupt descriptor table register.
func (c *Container) SetIDT(t exit.Table) {
	if vendor == AMD {
		c.svm.SetIDT(t)
	} else {
		c.vmx.SetIDT(t)
	}
}
