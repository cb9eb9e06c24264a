package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// Interruptibility state.
//
// SDM vol. 3, "Guest Non-Register State".
const (
	blockedBySTI   = 1 << 0
	blockedByMOVSS = 1 << 1
	blockedByNMI   = 1 << 3
	blockedShadow  = blockedBySTI | blockedByMOVSS
)

// RIP is the address of the instruction at which the guest will go on.
func (g *Guest) RIP() uint64 { return g.rip }

// SetRIP makes the guest go on elsewhere.
func (g *Guest) SetRIP(v uint64) { g.rip = v }

// Skip moves the guest past an instruction of n bytes, and ends an interrupt shadow.
func (g *Guest) Skip(n uint8) {
	g.rip += uint64(n)
	g.endShadow()
}

// Divert makes the guest go on at a handler, and does away with a single-step
// exception that was about to come where it was: Bochs has one pending at the exit of
// an instruction that a single step began with, though it has not been executed.
func (g *Guest) Divert(rip uint64) {
	g.rip = rip
	g.endShadow()
	if g.RFLAGS()&x86.FlagTF != 0 {
		put(GuestPendingDebug, 0)
	}
}

// endShadow ends an interrupt shadow, and with it the single-step exception that it
// may hold off: that would come wherever the guest goes on, be it a handler's first
// instruction; and an entry with it in a shadow is refused if RFLAGS.TF has been
// cleared. The entry code does the same behind a hypercall.
//
// SDM vol. 3, "Checks on Guest Non-Register State".
func (g *Guest) endShadow() {
	if g.shadow&blockedShadow != 0 {
		g.setShadow(g.shadow &^ blockedShadow)
		put(GuestPendingDebug, 0)
	}
}

func (g *Guest) setShadow(v uint64) {
	g.shadow = v
	put(GuestInterruptibility, v)
}

// RSP is the guest's stack pointer.
func (g *Guest) RSP() uint64 { return get(GuestRSP) }

// SetRSP sets the guest's stack pointer.
func (g *Guest) SetRSP(v uint64) { put(GuestRSP, v) }

// RFLAGS is the guest's flags.
func (g *Guest) RFLAGS() uint64 { return get(GuestRFLAGS) }

// flagsReserved is bits of RFLAGS that entry refuses when set.
const flagsReserved = 1<<3 | 1<<5 | 1<<15 | ^uint64(1<<22-1)

// SetRFLAGS sets the guest's flags.
func (g *Guest) SetRFLAGS(v uint64) { put(GuestRFLAGS, v&^flagsReserved|flagsOne) }

// CPL is the current privilege level: that of SS, which an unusable one has too.
func (g *Guest) CPL() uint8 { return AttrFromAccess(uint32(get(GuestAccess + Field(exit.SS)*2))).DPL() }

// Segment reads a segment register.
func (g *Guest) Segment(r exit.SegmentRegister) exit.Segment {
	i := Field(r) * 2
	return exit.Segment{
		Selector: uint16(get(GuestSelector + i)),
		Attr:     AttrFromAccess(uint32(get(GuestAccess + i))),
		Limit:    uint32(get(GuestLimit + i)),
		Base:     get(GuestBase + i),
	}
}

// SetSegment sets a segment register.
func (g *Guest) SetSegment(r exit.SegmentRegister, s exit.Segment) {
	i := Field(r) * 2
	s = acceptable(r, s)
	put(GuestSelector+i, uint64(s.Selector))
	put(GuestAccess+i, uint64(AccessFromAttr(s.Attr)))
	put(GuestLimit+i, uint64(s.Limit))
	put(GuestBase+i, s.Base)
}

// SetBase sets the base of FS or GS, an address that is canonical.
func (g *Guest) SetBase(r exit.SegmentRegister, base uint64) { put(GuestBase+2*Field(r), base) }

// GDT is the guest's global descriptor table register.
func (g *Guest) GDT() exit.Table {
	return exit.Table{Base: get(GuestGDTRBase), Limit: uint16(get(GuestGDTRLimit))}
}

// SetGDT sets it.
func (g *Guest) SetGDT(t exit.Table) {
	put(GuestGDTRBase, t.Base)
	put(GuestGDTRLimit, uint64(t.Limit))
}

// IDT is the guest's interrupt descriptor table register.
func (g *Guest) IDT() exit.Table {
	return exit.Table{Base: get(GuestIDTRBase), Limit: uint16(get(GuestIDTRLimit))}
}

// SetIDT sets it.
func (g *Guest) SetIDT(t exit.Table) {
	put(GuestIDTRBase, t.Base)
	put(GuestIDTRLimit, uint64(t.Limit))
}
