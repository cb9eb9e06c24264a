package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/machine"
	"tuco/kernel/trace"
)

// Crash ends a vCPU's domain, with a report.
func Crash(v *domain.VCPU, why string) {
	if v.Domain.Shutdown.Load() {
		v.Leave = true
		return
	}
	Report(v, why)
	v.Leave = true
	machine.Shutdown(v.Holder(), v.Domain, hypercall.SHUTDOWN_crash)
}

// Report logs the state of a vCPU, which is loaded here.
func Report(v *domain.VCPU, why string) {
	c, i := &v.Container, &v.Info
	if atGate(v) && !inStub(v) {
		// What the guest takes for its state; and the exit was the hypercall's.
		leaveGate(v)
		*i = exit.Info{Reason: exit.Hypercall}
	}
	mode := "user"
	if v.PV.Stub.Kernel {
		mode = "kernel"
	}
	klog.Errorf("domain %d (%s) vcpu %d: %s", klog.D(v.Domain.ID), klog.B(v.Domain.Name()), klog.D(v.ID), klog.S(why))
	klog.Errorf("in guest %s, cpl %d; last exit: %s %s, code %x, address %x", klog.S(mode), klog.D(c.CPL()),
		klog.S(i.Reason.String()), klog.S(vectorOf(i)), klog.X(i.ErrorCode), klog.X(uint64(i.Linear)))
	r := &c.Regs.GPR
	klog.Errorf("rip %x  rsp %x  rflags %x", klog.H16(c.RIP()), klog.H16(c.RSP()), klog.H16(c.RFLAGS()))
	for n := exit.RAX; n < exit.GPRs; n += 4 {
		klog.Errorf("%s %x  %s %x  %s %x  %s %x", klog.S(names[n]), klog.H16(value(v, n)), klog.S(names[n+1]),
			klog.H16(r[n+1]), klog.S(names[n+2]), klog.H16(r[n+2]), klog.S(names[n+3]), klog.H16(r[n+3]))
	}
	kernel, user := v.Domain.Memory.Roots(int(v.ID))
	klog.Errorf("cr0 %x  cr2 %x  cr4 %x  kernel root %x  user root %x", klog.X(cr0(v)), klog.X(v.PV.Stub.CR2),
		klog.X(v.PV.CR4), klog.X(uint64(kernel)), klog.X(uint64(user)))
	klog.Errorf("cs %x  ss %x  ds %x  es %x  fs %x:%x  gs %x:%x  other gs %x", klog.X(c.Segment(exit.CS).Selector),
		klog.X(c.Segment(exit.SS).Selector), klog.X(c.Segment(exit.DS).Selector), klog.X(c.Segment(exit.ES).Selector),
		klog.X(c.Segment(exit.FS).Selector), klog.X(c.Segment(exit.FS).Base), klog.X(c.Segment(exit.GS).Selector),
		klog.X(c.Segment(exit.GS).Base), klog.X(c.KernelGS()))
	reportCode(v)
	reportStack(v)
	const records = 16
	trace.Dump(records)
}

var names = [exit.GPRs]string{
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8 ", "r9 ", "r10", "r11", "r12", "r13", "r14", "r15",
}

func value(v *domain.VCPU, n exit.GPR) uint64 { return v.Container.GPR(n) }

func vectorOf(i *exit.Info) string {
	if i.Reason == exit.Exception {
		return i.Vector.String()
	}
	return ""
}

// reportCode logs the bytes around RIP, with the one at RIP marked.
func reportCode(v *domain.VCPU) {
	const before, after = 16, 32
	memory := view(v)
	var line [2*(before+after) + 16]byte
	n := 0
	for k := range before + after {
		at := frame.VAddr(v.Container.RIP()) + frame.VAddr(k) - before
		var b [1]byte
		if _, ok := memory.Read(b[:], at); !ok {
			if k < before {
				continue
			}
			break
		}
		const digits = "0123456789abcdef"
		if k == before {
			n += copy(line[n:], " <")
		}
		line[n], line[n+1] = digits[b[0]>>4], digits[b[0]&15]
		n += 2
		if k == before {
			n += copy(line[n:], "> ")
		}
	}
	klog.Errorf("code: %s", klog.B(line[:n]))
}

// reportStack logs the words at the top of the guest's stack.
func reportStack(v *domain.VCPU) {
	const words, perLine = 16, 4
	memory := view(v)
	for n := 0; n < words; n += perLine {
		var w [perLine]uint64
		for k := range w {
			at := frame.VAddr(v.Container.RSP())&^7 + frame.VAddr(8*(n+k))
			p, _, ok := memory.Word(at, false)
			if !ok {
				klog.Errorf("stack: what is at %x can't be read", klog.X(uint64(at)))
				return
			}
			w[k] = p.Load()
		}
		klog.Errorf("stack: %x %x %x %x", klog.H16(w[0]), klog.H16(w[1]), klog.H16(w[2]), klog.H16(w[3]))
	}
}
