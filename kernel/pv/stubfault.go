package pv

import (
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// Where the processor leaves the frames of page faults, as offsets in domain.Stub.
const (
	nestedFrame = 0xf90
	plainFrame  = 0xfd0
)

// stubFault serves a page fault that the stub has left to us: one of the guest's that is
// not plain, or one of the stub's own, by an address that it has from the guest.
func stubFault(v *domain.VCPU) {
	s := v.PV.Stub
	rip := s.Frame.RIP
	switch v.Container.RSP() - uint64(at(v, stubPage)) {
	case nestedFrame:
		rip = s.Nested.RIP
	case plainFrame:
		// QEMU 7.2 lets 32-bit user code enter virtual-8086 mode by IRET, which no 64-bit
		// processor has. Selectors have no privilege level there.
		if s.Frame.CS&selectorRPL != 0 || s.Frame.RFLAGS&x86.FlagVM != 0 {
			guestFault(v)
			return
		}
	default:
		Crash(v, "the stub has lost its stack")
		return
	}
	if !undo(v, rip-uint64(at(v, codePage))) {
		Crash(v, "the stub has faulted")
	}
}

// undo takes back what the stub has begun when it faulted at an offset, and has the guest
// leave the container for the same. False: it had begun nothing there, or is done.
func undo(v *domain.VCPU, offset uint64) bool {
	if offset == stub.ownReturn {
		finishReturn(v)
		return true
	}
	c, s := &v.Container, v.PV.Stub
	r := &c.Regs.GPR
	for i := range stub.regions {
		if g := &stub.regions[i]; offset < g.from || offset >= g.to {
			continue
		}
		gate := uint64(gate64)
		if i == inFault {
			gate = gateFault
			r[exit.RAX], r[exit.RBX] = s.AtFault.RAX, s.AtFault.RBX
			c.SetRSP(uint64(at(v, stubPage)) + plainFrame)
			resetIST(v)
			s.Frame.CS |= selectorRPL
			s.Frame.Code |= x86.PFUser
		} else {
			r[exit.RAX], r[exit.RBX] = s.Call.RAX, s.Call.RBX
			c.SetRSP(s.Call.RSP)
		}
		c.SetSegment(exit.CS, exit.Segment{Selector: gateCS, Attr: code64 &^ dpl3, Limit: noLimit})
		c.SetSegment(exit.SS, exit.Segment{Selector: gateSS, Attr: data &^ dpl3, Limit: noLimit})
		c.SetRIP(uint64(at(v, codePage)) + gate)
		EnterMode(v)
		return true
	}
	return false
}

// finishReturn does in the stub's place the last instruction of a return to segments of
// the guest's own, whose descriptors another vCPU has changed since the stub looked.
func finishReturn(v *domain.VCPU) {
	c, f := &v.Container, &v.PV.Stub.Own
	c.SetRIP(f.RIP)
	c.SetRSP(f.RSP)
	c.SetRFLAGS(userFlags(f.RFLAGS))
	returnTo(v, uint16(f.CS), uint16(f.SS))
}

// dpl3 is the privilege level in the attributes of the guest's flat segments.
const dpl3 = 3 << 5

// resetIST makes the end of the stub's page its stack again.
func resetIST(v *domain.VCPU) {
	v.PV.Stub.TSS.IST1 = uint32(at(v, stubPage) + frame.PageSize)
}

// guestFault serves a page fault of the guest's as if the processor had left the
// container for it.
func guestFault(v *domain.VCPU) {
	c, s := &v.Container, v.PV.Stub
	f := &s.Frame
	cs, ss := uint16(f.CS)|selectorRPL, uint16(f.SS)|selectorRPL
	if !Ready(v, cs) || !Ready(v, ss) {
		c.SetRIP(c.RIP() - callLength)
		return
	}
	v.Exits[exit.Hypercall]--
	v.Exits[exit.Exception]++
	v.Info = exit.Info{
		Reason: exit.Exception, Vector: x86.VectorPF, ErrorCode: uint32(f.Code), Linear: frame.VAddr(s.AtFault.CR2),
	}
	c.SetRIP(f.RIP)
	c.SetRSP(f.RSP)
	c.SetRFLAGS(userFlags(f.RFLAGS))
	if loadReturn(v, cs, ss) {
		pageFault(v, v.Info.Linear, v.Info.ErrorCode)
	}
}
