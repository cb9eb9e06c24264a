package pv

import (
	"tuco/kernel/domain"
	"tuco/kernel/emul"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// emulate executes the instruction at the guest's RIP, which the processor has
// refused, if it is one that the guest may have of us. False: it is not.
func emulate(v *domain.VCPU) bool {
	i, ok := emul.Decode(code(v, v.Container.RIP()))
	if !ok {
		return false
	}
	return execute(v, &i)
}

// privileged executes an instruction for which the processor has left the
// container. What the guest may not have, and what is not what it was any
// more, is a general protection fault.
func privileged(v *domain.VCPU) {
	if !emulate(v) {
		bounce(v, x86.VectorGP, 0)
	}
}

// execute executes a decoded instruction that is not a write to memory.
func execute(v *domain.VCPU, i *emul.Instruction) bool {
	var s emul.State
	saveState(v, &s)
	g := (*guest)(v)
	r := emul.Execute(i, &s, policy(v), g)
	if r.Verdict == emul.Wanted {
		answer, o := carryOut(v, &r.Effect)
		switch o {
		case refused:
			bounce(v, x86.VectorGP, 0)
			return true
		case unknown:
			bounce(v, x86.VectorUD, 0)
			return true
		case again:
			return true
		}
		halt := r.Effect.Action == emul.Halt
		r = emul.Complete(i, &s, answer, g)
		if halt && r.Verdict == emul.Done {
			restoreState(v, &s)
			Block(v)
			return true
		}
	}
	return finish(v, &s, r)
}

// finish takes over what became of an instruction.
func finish(v *domain.VCPU, s *emul.State, r emul.Result) bool {
	switch r.Verdict {
	case emul.Done:
		restoreState(v, s)
		v.Container.Skip(0)
		if r.Step {
			stepped(v)
		}
		return true
	case emul.Raise:
		restoreState(v, s)
		if e := r.Exception; e.Vector == x86.VectorPF {
			bouncePageFault(v, e.CR2, e.Code)
		} else {
			bounce(v, e.Vector, e.Code)
		}
		return true
	}
	return false
}

// stepped hands the guest the trap that follows an instruction with RFLAGS.TF set.
func stepped(v *domain.VCPU) {
	const singleStep = 1 << 14
	v.Container.SetDR(6, v.Container.DR(6)|singleStep)
	debug(v)
}

// cpuid32 executes a CPUID of 32-bit code, the only one of the instructions that
// always exit which such a program may use. Package emul decodes 64-bit code.
func cpuid32(v *domain.VCPU) {
	if v.Info.Length == 0 {
		refetch(v)
		return
	}
	answerCPUID(v)
	c := &v.Container
	c.Skip(v.Info.Length)
	c.SetRIP(uint64(uint32(c.RIP()))) // the program's addresses wrap there
	executed(v)
}

func answerCPUID(v *domain.VCPU) {
	r := &v.Container.Regs.GPR
	a := cpuid(v, uint32(r[exit.RAX]), uint32(r[exit.RCX]))
	r[exit.RAX], r[exit.RBX], r[exit.RCX], r[exit.RDX] = uint64(a[0]), uint64(a[1]), uint64(a[2]), uint64(a[3])
}

// executed sets the flags behind an instruction, and hands the guest the trap that may follow it.
func executed(v *domain.VCPU) {
	c := &v.Container
	flags := c.RFLAGS()
	if flags&(x86.FlagTF|x86.FlagRF) == 0 {
		return
	}
	c.SetRFLAGS(userFlags(flags) &^ x86.FlagRF)
	if flags&x86.FlagTF != 0 {
		stepped(v)
	}
}

// saveState is the vCPU's registers for package emul.
func saveState(v *domain.VCPU, s *emul.State) {
	c := &v.Container
	s.GPR = c.Regs.GPR
	s.GPR[exit.RSP] = c.RSP()
	s.RIP, s.Flags = c.RIP(), c.RFLAGS()
	s.FSBase, s.GSBase = c.Segment(exit.FS).Base, c.Segment(exit.GS).Base
	s.Long = c.Segment(exit.CS).Attr&exit.SegmentLong != 0
}

func restoreState(v *domain.VCPU, s *emul.State) {
	c := &v.Container
	c.Regs.GPR = s.GPR
	c.SetRSP(s.GPR[exit.RSP])
	c.SetRIP(s.RIP)
	c.SetRFLAGS(userFlags(s.Flags))
}

// policy is what the guest may do in the mode that it is in.
func policy(v *domain.VCPU) emul.Policy {
	return emul.Policy{
		Kernel:  v.PV.Stub.Kernel,
		IO:      mayUsePorts(v, v.PV.Stub.Kernel),
		UserTSC: v.PV.CR4&x86.CR4TSD == 0,
		UserPMC: v.PV.CR4&x86.CR4PCE != 0,
	}
}

// guest is a vCPU as what emulated instructions reach.
type guest domain.VCPU

func (g *guest) vcpu() *domain.VCPU { return (*domain.VCPU)(g) }

// Load is emul.Guest's.
func (g *guest) Load(a frame.VAddr, size uint8) (value uint64, e emul.Exception, ok bool) {
	memory := view(g.vcpu())
	if size == 8 && a&7 == 0 {
		w, f, ok := memory.Word(a, false)
		if !ok {
			return 0, pageFaultOf(f.Address, f.Code), false
		}
		return w.Load(), e, true
	}
	var b [8]byte
	if f, ok := memory.Read(b[:size&15], a); !ok {
		return 0, pageFaultOf(f.Address, f.Code), false
	}
	return le(b), e, true
}

// Store is emul.Guest's.
func (g *guest) Store(a frame.VAddr, size uint8, value uint64) (e emul.Exception, ok bool) {
	memory := view(g.vcpu())
	if size == 8 && a&7 == 0 {
		w, f, ok := memory.Word(a, true)
		if !ok {
			return pageFaultOf(f.Address, f.Code), false
		}
		w.Store(value)
		return e, true
	}
	b := unle(value)
	if f, ok := memory.Writable(a, uint64(size)); !ok {
		return pageFaultOf(f.Address, f.Code), false
	}
	f, ok := memory.Write(a, b[:size&15])
	if !ok {
		return pageFaultOf(f.Address, f.Code), false
	}
	return e, true
}

// Writable is emul.Guest's.
func (g *guest) Writable(a frame.VAddr, size uint8) (e emul.Exception, ok bool) {
	memory := view(g.vcpu())
	f, ok := memory.Writable(a, uint64(size))
	if !ok {
		return pageFaultOf(f.Address, f.Code), false
	}
	return e, true
}

// PortAllowed is emul.Guest's: the bitmap that PHYSDEVOP_set_iobitmap has named.
func (g *guest) PortAllowed(port uint16, size uint8) bool {
	p := &g.PV
	if p.IOBitmap == 0 {
		return false
	}
	// The bitmap belongs to the kernel: user mode need not see it.
	memory := &g.vcpu().KernelMemory
	for n := uint32(port); n < uint32(port)+uint32(size); n++ {
		var b [1]byte
		if n >= p.IOPorts {
			return false
		}
		if _, ok := memory.Read(b[:], p.IOBitmap+frame.VAddr(n/8)); !ok || b[0]>>(n%8)&1 != 0 {
			return false
		}
	}
	return true
}

func pageFaultOf(a frame.VAddr, code uint32) emul.Exception {
	return emul.Exception{Vector: x86.VectorPF, Code: code, CR2: a}
}

func le(b [8]byte) (v uint64) {
	for i := range b {
		v |= uint64(b[i]) << (8 * i)
	}
	return v
}

func unle(v uint64) (b [8]byte) {
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
	return b
}
