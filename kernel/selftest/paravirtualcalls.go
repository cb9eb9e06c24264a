package selftest

import (
	"tuco/kernel/container"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// callLevel is the privilege level that the call came from.
func callLevel(v *domain.VCPU) int64 { return int64(v.Container.CPL()) }

// callSpace changes the address space.
func callSpace(v *domain.VCPU) int64 {
	c := &v.Container
	s := exit.Space(c.Regs.GPR[exit.RDI] & 1)
	c.UseSpace(s)
	c.SetCR(3, of(v).root(s))
	return 0
}

// callFlush changes what is at a page, and flushes it in one of the ways.
func callFlush(v *domain.VCPU) int64 {
	g, c := of(v), &v.Container
	n := c.Regs.GPR[exit.RDI]
	page := [...]int{pageRemapped, pageLazy}[n&1]
	g.words(pageL1)[pageRemapped] = g.address(page) | ptePresent | pteUser
	flushes[n>>1&3](g)
	return 0
}

// flushes is the ways to drop a translation of a guest's.
var flushes = [...]func(g *guest){
	func(g *guest) { g.vcpu.Container.Flush() },
	func(g *guest) { g.vcpu.Container.FlushSpace(exit.KernelSpace) },
	func(g *guest) { g.vcpu.Container.FlushPage(base + pageRemapped*frame.PageSize) },
	func(g *guest) { container.FlushGuests(g.cpu.ID) },
}

// callBases sets GS base and returns FS base.
func callBases(v *domain.VCPU) int64 {
	c := &v.Container
	s := c.Segment(exit.GS)
	s.Base = c.Regs.GPR[exit.RDI]
	c.SetSegment(exit.GS, s)
	return int64(c.Segment(exit.FS).Base)
}

// callDebug sets a debug register.
func callDebug(v *domain.VCPU) int64 {
	c := &v.Container
	n, value := uint8(c.Regs.GPR[exit.RDI]), c.Regs.GPR[exit.RSI]
	c.SetDR(n, value)
	if got := c.DR(n); got&^x86.DR7Ones != value {
		of(v).suspect("a debug register is not what was set")
	}
	return 0
}

// callDone is the end of a paravirtual guest.
func callDone(v *domain.VCPU) int64 {
	g := of(v)
	g.done = true
	g.end()
	return 0
}
