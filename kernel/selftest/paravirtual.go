package selftest

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/x86"
)

// The frames that a paravirtual guest uses for something else: the trampoline,
// and the tables of its second address space.
const (
	pageTrampoline = pageIDT
	pageUserL4     = pageNestedL4
	pageUserL3     = pageNestedL3
	pageUserL2     = pageNestedL2
	pageUserL1     = pageNestedL1
)

// Selectors of a paravirtual guest, besides those at level 0.
const (
	selectorCode32 = 0x20 | 3
	selectorData3  = 0x28 | 3
	selectorCode3  = 0x30 | 3
)

// The task state has an I/O permission bitmap for the first 256 ports, all of
// them forbidden but one.
const (
	bitmapOffset = tssLimit + 1
	bitmapSize   = 256 / 8
	freePort     = 0x80
)

// buildParavirtual adds to build what a paravirtual guest has besides: pages
// of its own privilege level, and another address space.
func (g *guest) buildParavirtual() (entry uint64) {
	entry = g.build()
	l1 := g.words(pageL1)
	for i := range l1 {
		if l1[i] != 0 && i != pageGDT && i != pageTrampoline {
			l1[i] |= pteUser
		}
	}
	*g.words(pageUserL1) = *l1
	g.words(pageUserL1)[pageRemapped] = g.address(pageLazy) | ptePresent | pteUser
	const l4Index, l3Index, l2Index = 0, 0, base >> frame.LargePageShift
	for _, link := range [...]struct{ table, index, lower int }{
		{pageRoot, l4Index, pageL3}, {pageL3, l3Index, pageL2}, {pageL2, l2Index, pageL1},
		{pageUserL4, l4Index, pageUserL3}, {pageUserL3, l3Index, pageUserL2}, {pageUserL2, l2Index, pageUserL1},
	} {
		g.words(link.table)[link.index] = g.address(link.lower) | ptePresent | pteWrite | pteUser
	}

	gdt := g.words(pageGDT)
	gdt[selectorCode32/8] = 0x00cffb000000ffff
	gdt[selectorData3/8] = 0x00cff3000000ffff
	gdt[selectorCode3/8] = 0x00affb000000ffff
	task := layout.Bytes(g.page(pageGDT).Addr()+tssOffset, bitmapOffset+bitmapSize+1)
	task[tssLimit-1] = bitmapOffset
	bitmap := task[bitmapOffset:]
	for i := range bitmap {
		bitmap[i] = 0xff // the last byte ends the bitmap
	}
	bitmap[freePort/8] &^= 1 << (freePort % 8)

	code := layout.Bytes(g.page(pageCode).Addr(), (pageSpoil-pageCode)*frame.PageSize)
	const trampolineSize = 6 // a hypercall and SYSRETQ
	copy(layout.Bytes(g.page(pageTrampoline).Addr(), trampolineSize), code[word(code, headerTrampoline):])
	data := g.words(pageData)
	if x86.ReadCR4()&x86.CR4FSGSBASE != 0 {
		data[dataHasBases] = 1
	}
	if x86.ReadCR4()&x86.CR4OSXSAVE != 0 {
		data[dataHasXSAVE] = 1
	}
	if !tcg() {
		data[dataHasBreaks] = 1
	}
	return entry
}

// startParavirtual gives the vCPU the state in which a paravirtual guest begins.
func (g *guest) startParavirtual() {
	entry := g.buildParavirtual()
	g.vcpu.Init(&g.domain, 0, &exit.Setup{
		Control: g.page(pageControl), Extended: g.page(pageExtended),
		Paging: exit.Direct, IO: exit.IOGuest,
		Exceptions: exit.AllExceptions, Software: true,
	})
	c := &g.vcpu.Container
	c.Load(g.cpu.ID)
	c.SetCR(0, x86.CR0PE|x86.CR0MP|x86.CR0ET|x86.CR0NE|x86.CR0WP|x86.CR0PG)
	c.SetCR(3, g.root(exit.KernelSpace))
	c.SetCR(4, x86.CR4PAE|x86.CR4DE|x86.CR4OSFXSR|x86.CR4OSXMMEXCPT|x86.ReadCR4()&(x86.CR4OSXSAVE|x86.CR4FSGSBASE))
	c.SetEFER(x86.EFERLME | x86.EFERLMA | x86.EFERNXE | x86.EFERSCE)
	c.SetSyscall(exit.Syscall{
		Star:   (selectorCode3-16)<<48 | selectorCode<<32,
		LStar:  base + pageTrampoline*frame.PageSize,
		SFMask: x86.FlagTF | x86.FlagIF | x86.FlagDF | x86.FlagIOPL | x86.FlagNT | x86.FlagAC,
	})
	const all = 0xffff_ffff
	const user = exit.SegmentPresent | exit.SegmentGran | 3<<5
	c.SetSegment(exit.CS, exit.Segment{Selector: selectorCode3, Limit: all, Attr: user | exit.SegmentCode | exit.SegmentLong})
	c.SetSegment(exit.SS, exit.Segment{Selector: selectorData3, Limit: all, Attr: user | exit.SegmentData | exit.SegmentBig})
	for _, r := range [...]exit.SegmentRegister{exit.DS, exit.ES, exit.FS, exit.GS, exit.LDTR} {
		c.SetSegment(r, exit.Segment{})
	}
	gdt := uint64(base + pageGDT*frame.PageSize)
	c.SetSegment(exit.TR, exit.Segment{Selector: selectorTSS, Base: gdt + tssOffset, Limit: bitmapOffset + bitmapSize,
		Attr: exit.SegmentPresent | exit.SegmentTSS})
	c.SetGDT(exit.Table{Base: gdt, Limit: selectorCode3&^7 + 7})
	c.SetIDT(exit.Table{})
	c.SetRFLAGS(x86.FlagIF)
	c.SetRIP(entry)
	c.SetRSP(stackTop)
	c.Unload()
}

// root is the top of an address space's tables.
func (g *guest) root(s exit.Space) uint64 {
	if s == exit.UserSpace {
		return g.address(pageUserL4)
	}
	return g.address(pageRoot)
}
