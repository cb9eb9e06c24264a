package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// Exception says what an exit for an exception was for: see container.Exception.
func (g *Guest) Exception() (vector x86.Vector, errorCode uint32, linear frame.VAddr) {
	return x86.Vector(get(ExitEvent)), uint32(get(ExitErrorCode)), frame.VAddr(get(ExitQualification))
}

// Interrupted is where the guest's code is.
func (g *Guest) Interrupted() (rip, cs, rflags, rsp, ss uint64) {
	return g.rip, get(GuestSelector + 2*Field(exit.CS)), get(GuestRFLAGS), get(GuestRSP), get(GuestSelector + 2*Field(exit.SS))
}

// GoFlat makes the guest go on elsewhere: see container.GoFlat.
func (g *Guest) GoFlat(rip, rsp, rflags uint64, cs, ss uint16) {
	g.Divert(rip)
	g.SetRSP(rsp)
	g.SetRFLAGS(rflags)
	g.SetSegment(exit.CS, exit.Segment{Selector: cs, Attr: exit.FlatCode64, Limit: exit.NoLimit})
	g.SetSegment(exit.SS, exit.Segment{Selector: ss, Attr: exit.FlatData, Limit: exit.NoLimit})
}
