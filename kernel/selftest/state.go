package selftest

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/x86"
)

// start gives the vCPU the state in which the guest begins.
func (g *guest) start() {
	if g.way == paravirtual {
		g.startParavirtual()
		return
	}
	entry := g.build()
	setup := exit.Setup{
		Control: g.page(pageControl), Extended: g.page(pageExtended),
		Paging: g.paging(), Root: g.page(pageNestedL4).Addr(),
		Exceptions: 1<<x86.VectorPF | 1<<x86.VectorDF,
		IO:         exit.IOExit,
		CRRead:     1<<0 | 1<<3 | 1<<4, CRWrite: 1<<0 | 1<<3 | 1<<4,
	}
	g.vcpu.Init(&g.domain, 0, &setup)

	c := &g.vcpu.Container
	c.Load(g.cpu.ID)
	c.SetCR(0, x86.CR0PE|x86.CR0MP|x86.CR0ET|x86.CR0NE|x86.CR0WP|x86.CR0PG)
	c.SetCR(3, g.address(pageRoot))
	c.SetCR(4, x86.CR4PAE|x86.CR4OSFXSR|x86.CR4OSXMMEXCPT|x86.ReadCR4()&x86.CR4OSXSAVE)
	c.SetEFER(x86.EFERLME | x86.EFERLMA | x86.EFERNXE)
	const all = 0xffff_ffff
	c.SetSegment(exit.CS, exit.Segment{Selector: selectorCode, Limit: all,
		Attr: exit.SegmentPresent | exit.SegmentCode | exit.SegmentLong | exit.SegmentGran})
	for _, r := range [...]exit.SegmentRegister{exit.SS, exit.DS, exit.ES, exit.FS, exit.GS} {
		c.SetSegment(r, exit.Segment{Selector: selectorData, Limit: all,
			Attr: exit.SegmentPresent | exit.SegmentData | exit.SegmentBig | exit.SegmentGran})
	}
	gdt := uint64(base + pageGDT*frame.PageSize)
	c.SetSegment(exit.LDTR, exit.Segment{})
	c.SetSegment(exit.TR, exit.Segment{Selector: selectorTSS, Base: gdt + tssOffset, Limit: tssLimit,
		Attr: exit.SegmentPresent | exit.SegmentTSS})
	c.SetGDT(exit.Table{Base: gdt, Limit: selectorTSS + 16 - 1})
	c.SetIDT(exit.Table{Base: base + pageIDT*frame.PageSize, Limit: frame.PageSize - 1})
	c.SetRFLAGS(0)
	c.SetRIP(entry)
	c.SetRSP(stackTop)
	c.Unload()
}

func (g *guest) paging() exit.Paging {
	if g.way == nested {
		return exit.Nested
	}
	return exit.Direct
}

// spoil is the vector state that comes between a guest's and itself.
func (g *guest) spoil() *x86.ExtendedState {
	return (*x86.ExtendedState)(layout.Pointer(layout.Direct(g.page(pageSpoil).Addr())))
}

func (g *guest) buildSpoil() {
	s := g.spoil()
	s.FCW, s.MXCSR = 0x37f, 0x1f80
	for i := range s.XMM {
		s.XMM[i] = [2]uint64{^uint64(i), uint64(i) << 32}
		s.YMMHigh[i] = [2]uint64{uint64(i) << 48, ^uint64(i)}
	}
	s.InUse = x86.XCR0X87 | x86.XCR0SSE | x86.XCR0AVX
}

// useRegisters changes the vector registers that the kernel's code may use: those
// that entry and exit move.
func useRegisters()

// useX87 leaves a number in the x87 registers, and its own address in their pointers.
func useX87()

// spoilRegisters puts other values in all the vector registers, as another
// guest would that ran on the CPU in between.
func (g *guest) spoilRegisters() {
	if x86.ReadCR4()&x86.CR4OSXSAVE == 0 {
		x86.FXRSTOR(g.spoil())
	} else {
		mask := x86.XGETBV()
		g.spoil().InUse &= mask
		x86.XRSTOR(g.spoil(), mask)
	}
	useX87()
}
