package svm

import (
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// Interrupted is where the guest's code is.
func (g *Guest) Interrupted() (rip, cs, rflags, rsp, ss uint64) {
	s := &g.vmcb.save
	return s.rip, uint64(s.cs.selector), s.rflags, s.rsp, uint64(s.ss.selector)
}

// GoFlat makes the guest go on elsewhere: see container.GoFlat.
func (g *Guest) GoFlat(rip, rsp, rflags uint64, cs, ss uint16) {
	c, s := &g.vmcb.control, &g.vmcb.save
	s.rip, s.rsp, s.rflags = rip, rsp, rflags|x86.FlagOne
	s.cs = segment{selector: cs, attr: uint16(exit.FlatCode64), limit: exit.NoLimit}
	s.ss = segment{selector: ss, attr: uint16(exit.FlatData), limit: exit.NoLimit}
	s.cpl = exit.FlatCode64.DPL()
	c.shadow = 0
	c.clean &^= cleanSegments
}
