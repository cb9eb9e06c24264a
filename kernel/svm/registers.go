package svm

import (
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// RIP and the methods below are described at package container.
func (g *Guest) RIP() uint64 { return g.vmcb.save.rip }

// SetRIP sets the instruction pointer.
func (g *Guest) SetRIP(v uint64) { g.vmcb.save.rip = v }

// Skip moves past an instruction and ends an interrupt shadow.
func (g *Guest) Skip(n uint8) {
	v := g.vmcb
	v.save.rip += uint64(n)
	v.control.shadow = 0
}

// Divert goes on at a handler.
func (g *Guest) Divert(rip uint64) {
	v := g.vmcb
	v.save.rip = rip
	v.control.shadow = 0
}

// RSP is the stack pointer.
func (g *Guest) RSP() uint64 { return g.vmcb.save.rsp }

// SetRSP sets the stack pointer.
func (g *Guest) SetRSP(v uint64) { g.vmcb.save.rsp = v }

// RFLAGS is the flags.
func (g *Guest) RFLAGS() uint64 { return g.vmcb.save.rflags }

// SetRFLAGS sets the flags.
func (g *Guest) SetRFLAGS(v uint64) { g.vmcb.save.rflags = v | x86.FlagOne }

// CR reads a control register.
func (g *Guest) CR(n uint8) uint64 {
	s := &g.vmcb.save
	switch n {
	case 0:
		return s.cr0
	case 2:
		return s.cr2
	case 3:
		return s.cr3
	case 4:
		return s.cr4
	case 8:
		return g.vmcb.control.virtualInterrupt & vTPR
	}
	return 0
}

// SetCR writes a control register. VMRUN loads CR2 from the control block;
// Bochs 2.7 does not, and lets the guest see the processor's, so that is
// written too. The hypervisor has no use for it but to report its own crash.
func (g *Guest) SetCR(n uint8, v uint64) {
	c, s := &g.vmcb.control, &g.vmcb.save
	switch n {
	case 0:
		s.cr0 = v
	case 2:
		s.cr2 = v
		c.clean &^= cleanCR2
		x86.WriteCR2(v)
		return
	case 3:
		s.cr3 = v
	case 4:
		s.cr4 = v
	case 8:
		c.virtualInterrupt = c.virtualInterrupt&^vTPR | v&vTPR
		c.clean &^= cleanInterrupt
		return
	}
	c.clean &^= cleanCR
}

// EFER is the extended feature register without SVME, which VMRUN demands and
// the guest does not know of.
func (g *Guest) EFER() uint64 { return g.vmcb.save.efer &^ x86.EFERSVME }

// SetEFER sets the extended feature register.
func (g *Guest) SetEFER(v uint64) {
	g.vmcb.save.efer = v | x86.EFERSVME
	g.vmcb.control.clean &^= cleanCR
}

// SetSyscall sets the registers behind SYSCALL, which VMLOAD loads.
func (g *Guest) SetSyscall(c exit.Syscall) {
	s := &g.vmcb.save
	s.star, s.lstar, s.cstar, s.sfmask = c.Star, c.LStar, c.CStar, c.SFMask
}

// KernelGS is what SWAPGS exchanges with the base of GS.
func (g *Guest) KernelGS() uint64 { return g.vmcb.save.kernelGSBase }

// SetKernelGS sets it.
func (g *Guest) SetKernelGS(v uint64) { g.vmcb.save.kernelGSBase = v }

// SwapGS exchanges it with the base of GS.
func (g *Guest) SwapGS() {
	s := &g.vmcb.save
	s.gs.base, s.kernelGSBase = s.kernelGSBase, s.gs.base
}

// SetCR3 sets the root of the page tables.
func (g *Guest) SetCR3(v uint64) {
	g.vmcb.save.cr3 = v
	g.vmcb.control.clean &^= cleanCR
}

// DR6 is the debug status register.
func (g *Guest) DR6() uint64 { return g.vmcb.save.dr6 }

// SetDR6 sets it.
func (g *Guest) SetDR6(v uint64) {
	g.vmcb.save.dr6 = v
	g.vmcb.control.clean &^= cleanDR
}

// DR7 is the debug control register.
func (g *Guest) DR7() uint64 { return g.vmcb.save.dr7 }

// SetDR7 sets it. An exit disables all breakpoints.
func (g *Guest) SetDR7(v uint64) {
	g.vmcb.save.dr7 = v
	g.vmcb.control.clean &^= cleanDR
}

// CPL is the current privilege level.
func (g *Guest) CPL() uint8 { return g.vmcb.save.cpl }

// segment finds a segment register in the save area.
func (s *saveArea) segment(r exit.SegmentRegister) *segment {
	switch r {
	case exit.ES:
		return &s.es
	case exit.CS:
		return &s.cs
	case exit.SS:
		return &s.ss
	case exit.DS:
		return &s.ds
	case exit.FS:
		return &s.fs
	case exit.GS:
		return &s.gs
	case exit.LDTR:
		return &s.ldtr
	default:
		return &s.tr
	}
}

// Segment reads a segment register.
func (g *Guest) Segment(r exit.SegmentRegister) exit.Segment {
	s := g.vmcb.save.segment(r)
	return exit.Segment{Selector: s.selector, Attr: exit.SegmentAttr(s.attr), Limit: s.limit, Base: s.base}
}

// SetSegment sets a segment register. The privilege level has a field of its
// own, which follows SS. The task register is not marked busy: the processor
// does not look, but TCG takes a busy one for one without an I/O bitmap.
func (g *Guest) SetSegment(r exit.SegmentRegister, s exit.Segment) {
	switch r {
	case exit.SS:
		g.vmcb.save.cpl = s.Attr.DPL()
	case exit.TR:
		s.Attr &^= typeBusy
	}
	*g.vmcb.save.segment(r) = segment{selector: s.Selector, attr: uint16(s.Attr), limit: s.Limit, base: s.Base}
	g.vmcb.control.clean &^= cleanSegments
}

// SetBase sets the base of FS or GS, which VMLOAD loads.
func (g *Guest) SetBase(r exit.SegmentRegister, base uint64) {
	if r == exit.FS {
		g.vmcb.save.fs.base = base
	} else {
		g.vmcb.save.gs.base = base
	}
}

// typeBusy is the bit by which a task state segment in use differs.
const typeBusy exit.SegmentAttr = 1 << 1

// GDT is the global descriptor table register.
func (g *Guest) GDT() exit.Table { return g.vmcb.save.gdtr.table() }

// SetGDT sets the global descriptor table register.
func (g *Guest) SetGDT(t exit.Table) { g.setTable(&g.vmcb.save.gdtr, t) }

// IDT is the interrupt descriptor table register.
func (g *Guest) IDT() exit.Table { return g.vmcb.save.idtr.table() }

// SetIDT sets the interrupt descriptor table register.
func (g *Guest) SetIDT(t exit.Table) { g.setTable(&g.vmcb.save.idtr, t) }

func (s *segment) table() exit.Table { return exit.Table{Base: s.base, Limit: uint16(s.limit)} }

func (g *Guest) setTable(s *segment, t exit.Table) {
	s.base, s.limit = t.Base, uint32(t.Limit)
	g.vmcb.control.clean &^= cleanTables
}
