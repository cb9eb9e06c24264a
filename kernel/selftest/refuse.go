package selftest

import (
	"tuco/kernel/exit"
	"tuco/kernel/klog"
	"tuco/kernel/x86"
)

// refuse gives a guest that is at its end a state that no processor enters. The
// CPU must survive that, and the container be good for another guest.
func (g *guest) refuse() {
	if !g.done {
		return
	}
	c := &g.vcpu.Container
	c.Load(g.cpu.ID)
	rip := c.RIP()
	c.SetRIP(1 << 47)
	if c.CanEnter() {
		g.suspect("it can't be entered at such an address")
	}
	c.SetRIP(rip)
	if !c.CanEnter() {
		g.suspect("it could be entered")
	}
	klog.Infof("selftest: cpu %d: an entry that is to be refused", klog.D(g.cpu.ID))
	code := c.Segment(exit.CS)
	code.Attr |= exit.SegmentLong | exit.SegmentBig
	c.SetSegment(exit.CS, code)
	if g.enter() != exit.Invalid {
		g.suspect("it was entered")
	}
	c.Decode(&g.vcpu.Info, nil)
	if g.vcpu.Info.Reason != exit.Invalid {
		g.suspect("the description of the exit says something else")
	}
	c.Unload()
	g.startParavirtual()
	c.Load(g.cpu.ID)
	if g.enter() != exit.Hypercall {
		g.suspect("the container can't be used any more")
	}
	c.Unload()
	g.report(checkRefused, true, 0)
}

// enter runs the guest until it exits for something other than the host.
func (g *guest) enter() exit.Reason {
	for {
		r := g.vcpu.Container.Run()
		if r != exit.Interrupt && r != exit.NMI {
			return r
		}
		x86.ServiceInterrupts()
	}
}
