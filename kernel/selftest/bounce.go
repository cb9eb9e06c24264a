package selftest

import (
	"tuco/kernel/container"
	"tuco/kernel/exit"
	"tuco/kernel/klog"
	"tuco/kernel/trap"
	"tuco/kernel/x86"
)

// bounced tells a paravirtual guest of an exit that is an exception to it, and
// lets it go on where it wanted to. It is false for other exits.
func (g *guest) bounced() bool {
	c, i := &g.vcpu.Container, &g.vcpu.Info
	vector, code := i.Vector, i.ErrorCode
	switch i.Reason {
	case exit.Exception:
	case exit.SoftwareInterrupt:
		if i.Length == 0 {
			g.suspect("the length of the instruction is not known")
		}
	case exit.DRRead, exit.DRWrite, exit.XSETBV: // see container
		vector, code = x86.VectorGP, 0
	case exit.Monitor, exit.MWait, exit.VirtualInstruction:
		vector, code = x86.VectorUD, 0
	default:
		return false
	}
	if c.CPL() != 3 {
		g.suspect("an exception at another level")
	}
	data := g.words(pageData)
	if data[dataResume] == 0 {
		klog.Errorf("selftest: cpu %d: paravirtual: the guest took %s at %x, address %x", klog.D(g.cpu.ID),
			klog.S(vector.String()), klog.X(c.RIP()), klog.X(i.Linear))
		trap.Report(&g.vcpu)
		g.end()
		return true
	}
	data[dataVector], data[dataCode], data[dataAddress] = uint64(vector), uint64(code), uint64(i.Linear)
	data[dataSoft], data[dataLength] = uint64(i.Soft), uint64(i.Length)
	data[dataPlace] = c.RIP()
	switch status := c.DR(6) &^ x86.DR6Ones; {
	case status == 0 && vector == x86.VectorDB && i.Soft == exit.NotSoft && maySayNothing():
		g.nothingSaid = true
	default:
		data[dataStatus] = status
	}
	c.SetDR(6, 0)
	c.SetDR(7, 0)
	c.SetRFLAGS(c.RFLAGS() &^ x86.FlagTF)
	c.Divert(data[dataResume])
	data[dataResume] = 0
	return true
}

// maySayNothing tells whether the processor may be one that leaves DR6 alone
// when a #DB exits: Bochs 2.7 with AMD-V.
func maySayNothing() bool { return container.Current() == container.AMD && !tcg() }

// tcg tells whether the processor is QEMU's emulation. It does not arm the
// breakpoints of a guest.
func tcg() bool {
	_, b, c, d := x86.CPUID(0x4000_0000, 0)
	const name = 0x54474354 // "TCGT", and in turn
	return b == name && c == 0x43544743 && d == 0x47435447
}
