package selftest

import (
	"tuco/kernel/container"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/trap"
	"tuco/kernel/x86"
)

// AfterExit is called after every exit of a guest but hypercalls, where it is
// set: for crashing there on purpose.
var AfterExit func()

// onExit handles the guest's exits other than hypercalls.
func onExit(v *domain.VCPU) {
	if AfterExit != nil {
		AfterExit()
	}
	g, c, i := of(v), &v.Container, &v.Info
	if g.way == paravirtual && g.bounced() {
		return
	}
	r := &c.Regs.GPR
	switch i.Reason {
	case exit.CPUID:
		onCPUID(r)
	case exit.CRRead:
		c.SetGPR(i.Operand, c.CR(i.Register))
	case exit.CRWrite:
		c.SetCR(i.Register, c.GPR(i.Operand))
		c.Flush()
	case exit.MSRRead:
		if i.MSR != x86.MSRSTAR {
			g.suspect("the wrong MSR is read")
		}
		r[exit.RAX], r[exit.RDX] = g.star&0xffff_ffff, g.star>>32
	case exit.MSRWrite:
		if i.MSR != x86.MSRSTAR {
			g.suspect("the wrong MSR is written")
		}
		g.star = r[exit.RDX]<<32 | r[exit.RAX]&0xffff_ffff
	case exit.Port:
		g.onPort(&i.IO)
	case exit.HLT:
	case exit.Exception:
		g.onException()
		return
	case exit.NestedFault:
		g.onNestedFault()
		return
	case exit.Window:
		g.deliver()
		return
	case exit.Shutdown:
		// TCG looks at the intercepts before it makes a double fault of two
		// exceptions, and so misses that one and reports the next.
		if g.seen&farewell == 0 {
			trap.Report(v)
			g.suspect("before its time")
		}
		g.before[exit.Exception] = 0
		g.report(checkDouble, true, 0)
		g.end()
		return
	default:
		klog.Errorf("selftest: cpu %d: %s: an exit for nothing: %s", klog.D(g.cpu.ID), klog.S(g.way.String()), klog.S(i.Reason.String()))
		trap.Report(v)
		g.end()
		return
	}
	if i.Length == 0 {
		klog.Errorf("selftest: cpu %d: %s: %s: the length of the instruction is not known", klog.D(g.cpu.ID),
			klog.S(g.way.String()), klog.S(i.Reason.String()))
		trap.Report(v)
		g.end()
		return
	}
	c.Skip(i.Length)
}

// onCPUID answers the guest's own leaf, and others as the processor does.
func onCPUID(r *[exit.GPRs]uint64) {
	const leaf = 0x4000_0000
	if uint32(r[exit.RAX]) == leaf {
		r[exit.RAX], r[exit.RBX], r[exit.RCX], r[exit.RDX] = leaf+1, 0x6f637554, 0x666c6573, 0x74736574
		return
	}
	eax, ebx, ecx, edx := x86.CPUID(uint32(r[exit.RAX]), uint32(r[exit.RCX]))
	r[exit.RAX], r[exit.RBX], r[exit.RCX], r[exit.RDX] = uint64(eax), uint64(ebx), uint64(ecx), uint64(edx)
}

// onPort remembers what is written, by size, and returns it.
func (g *guest) onPort(io *exit.IO) {
	r := &g.vcpu.Container.Regs.GPR
	size := io.Size & 7
	port := uint16(0x5c0)
	if size == 1 && !io.String {
		port = 0xe0
	}
	if io.Port != port || size != 1 && size != 2 && size != 4 {
		g.suspect("another port or size")
		return
	}
	mask := uint64(1)<<(8*size) - 1
	switch {
	case io.String:
		if io.In || io.Repeat {
			g.suspect("not OUTSB")
		}
		r[exit.RSI] += uint64(size)
	case io.In:
		mix := r[exit.RAX]&^mask | uint64(g.port[size])&mask
		if size == 4 {
			mix = uint64(g.port[size])
		}
		r[exit.RAX] = mix
	default:
		g.port[size] = uint32(r[exit.RAX] & mask)
	}
}

// describe serves an exit by all that is known of it.
func describe(v *domain.VCPU) {
	v.Container.Decode(&v.Info, func(rip uint64) exit.Code { return readCode(v, rip) })
	onExit(v)
}

// onException mends the first page fault and hands on the second; a double
// fault is the end.
func (g *guest) onException() {
	c, i := &g.vcpu.Container, &g.vcpu.Info
	l1 := g.words(pageL1)
	switch {
	case i.Vector == x86.VectorDF && g.seen&farewell != 0:
		g.report(checkDouble, true, 0)
		g.end()
	case i.Linear == lazyAt && i.ErrorCode == 0 && l1[pageLazy] == 0:
		l1[pageLazy] = g.address(pageLazy) | ptePresent
	case i.Linear == lazyAt+8 && i.ErrorCode == x86.PFPresent|x86.PFWrite:
		c.SetCR(2, uint64(i.Linear))
		c.Inject(exit.Fault(x86.VectorPF, i.ErrorCode))
	default:
		klog.Errorf("selftest: cpu %d: %s: %s at %x, error code %x%s", klog.D(g.cpu.ID), klog.S(g.way.String()),
			klog.S(i.Vector.String()), klog.X(i.Linear), klog.X(i.ErrorCode), klog.S(g.unfounded()))
		trap.Report(&g.vcpu)
		g.end()
	}
}

// unfounded says of a page fault whether the processor saw a reserved bit where
// the guest's tables are as build made them: then it walked others.
func (g *guest) unfounded() string {
	i := &g.vcpu.Info
	if i.Vector == x86.VectorPF && i.ErrorCode&x86.PFReserved != 0 && g.leadsTo(uint64(i.Linear)) {
		return ": a reserved bit, of which the tables have none"
	}
	return ""
}

// onNestedFault puts the missing page into the nested table.
func (g *guest) onNestedFault() {
	i := &g.vcpu.Info
	if i.Physical.Down() != pageLazy*frame.PageSize || i.Access&exit.AccessPresent != 0 || i.Access&exit.AccessRead == 0 {
		klog.Errorf("selftest: cpu %d: nested fault at %x, access %x", klog.D(g.cpu.ID), klog.X(i.Physical), klog.X(i.Access))
		trap.Report(&g.vcpu)
		g.end()
		return
	}
	g.words(pageNestedL1)[pageLazy] = container.NestedPage(g.page(pageLazy), container.Read|container.Write)
}
