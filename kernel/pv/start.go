package pv

import (
	"tuco/hypercall"
	"tuco/kernel/container"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/percpu"
	"tuco/kernel/pmm"
	"tuco/kernel/vtime"
	"tuco/kernel/x86"
)

// NewVCPU makes a domain's next vCPU, of which it may have one more, down. Nil: there is no
// memory.
func NewVCPU(h *lock.Holder, d *domain.Domain, a *Area) *domain.VCPU {
	v := machine.NewVCPU(h)
	if v == nil {
		return nil
	}
	var m [domain.VCPUFrames]frame.MFN
	if machine.RAM.AllocFrames(h, m[:], pmm.Anywhere) != len(m) {
		freeFrames(h, m[:])
		machine.FreeVCPU(h, v)
		return nil
	}
	setup := exit.Setup{
		Control: m[0], Extended: m[1], Paging: exit.Direct,
		Exceptions: exit.AllExceptions, Software: true, IO: exit.IOGuest,
	}
	if stub.used {
		setup.FreeCR3 = true
		setup.Exceptions &^= 1 << x86.VectorPF
	}
	v.Init(d, uint16(len(d.VCPUs())), &setup)
	v.SetMemory(&machine.Types)
	p := &v.PV
	p.Frames = m
	p.Traps = (*[256]domain.Gate)(layout.Pointer(layout.Direct(m[2].Addr())))
	p.Stub = (*domain.Stub)(layout.Pointer(layout.Direct(m[stubFrame].Addr())))
	for i := range p.LDTFrames {
		p.LDTFrames[i] = frame.NoMFN
	}
	a.window(v)
	if !d.Events.AddVCPU(h, &v.Events) {
		klog.Bug("a domain has more vCPUs than it can have")
	}
	if info := v.Events.Info(); info != nil {
		v.Upcalls = info
		v.Upcalls.MaskUpcalls() // as the guest finds it
	}
	machine.PublishTime(v)
	machine.InitTimers(v)
	v.Timers.SetPeriodic(h, machine.Now(), vtime.DefaultPeriod)
	d.AddVCPU(v)
	return v
}

// stubFrame is which of a vCPU's frames its domain.Stub is in.
const stubFrame = 3

// FreeVCPU gives back what NewVCPU took, but for the record.
func FreeVCPU(h *lock.Holder, v *domain.VCPU) {
	freeFrames(h, v.PV.Frames[:])
}

// freeFrames gives back those of a list that there are: 0 is none.
func freeFrames(h *lock.Holder, list []frame.MFN) {
	for _, m := range list {
		if m != 0 {
			machine.RAM.Free(h, m, 0)
		}
	}
}

// Initial is where a vCPU begins.
type Initial struct {
	RIP, RSP, RSI uint64
	Flags         uint64
}

// Reset gives a vCPU, which is on no CPU, the state in which every one begins:
// in its kernel, with flat segments and nothing set up. Its kernel root is set.
func Reset(h *lock.Holder, v *domain.VCPU, s *Initial) {
	borrow(h, v)
	reset(v, s)
	giveBack(h, v)
	v.Initialised = true
}

// borrow makes a vCPU, which is on no CPU, use this one until giveBack: a container's
// state is set while it is loaded. The vCPU that runs here makes room.
func borrow(h *lock.Holder, v *domain.VCPU) {
	if current := machine.Current(h); current != nil {
		current.Container.Unload()
	}
	v.CPU = percpu.Get(int(h.CPU))
	v.BeginMemory(&v.CPU.Locks)
	v.Container.Load(v.CPU.ID)
}

func giveBack(h *lock.Holder, v *domain.VCPU) {
	v.Container.Unload()
	v.CPU = nil
	if current := machine.Current(h); current != nil {
		current.Container.Load(int(h.CPU))
	}
}

func reset(v *domain.VCPU, s *Initial) {
	p, c := &v.PV, &v.Container
	p.CR4 = guestCR4 | hostCR4()&x86.CR4FSGSBASE
	p.XCR0 = container.ExtendedMask()
	resetStub(v)
	c.SetCR(0, initialCR0)
	c.SetCR(4, hostCR4()|guestCR4)
	c.SetEFER(x86.EFERSCE | x86.EFERLME | x86.EFERLMA | x86.EFERNXE)
	c.SetSyscall(syscall(v))
	c.SetGDT(exit.Table{Base: uint64(p.Area), Limit: gdtLimit})
	c.SetIDT(idt(v))
	setFlat(c, exit.CS, hypercall.FLAT_KERNEL_CS64, code64)
	setFlat(c, exit.SS, hypercall.FLAT_KERNEL_SS64, data)
	for _, r := range [...]exit.SegmentRegister{exit.DS, exit.ES, exit.FS, exit.GS} {
		c.SetSegment(r, exit.Segment{})
	}
	c.SetKernelGS(0)
	setLDTR(v)
	setTSS(v)
	EnterMode(v)
	refresh(v)
	c.SetRIP(s.RIP)
	c.SetRSP(s.RSP)
	c.SetRFLAGS(userFlags(s.Flags))
	c.Regs.GPR[exit.RSI] = s.RSI
}
