package trap

import (
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/klog"
)

// Report logs the state of a vCPU that cannot go on.
func Report(v *domain.VCPU) {
	c, i := &v.Container, &v.Info
	klog.Errorf("%s domain %d vcpu %d: %s, code %x, qualification %x %x", klog.S(v.Domain.Kind.Name),
		klog.D(v.Domain.ID), klog.D(v.ID), klog.S(i.Reason.String()), klog.X(i.Raw),
		klog.X(i.Qualification[0]), klog.X(i.Qualification[1]))
	klog.Errorf("rip %x  rsp %x  rflags %x", klog.H16(c.RIP()), klog.H16(c.RSP()), klog.H16(c.RFLAGS()))
	klog.Errorf("cr0 %x  cr2 %x  cr3 %x  cr4 %x", klog.H16(c.CR(0)), klog.H16(c.CR(2)), klog.H16(c.CR(3)), klog.H16(c.CR(4)))
	klog.Errorf("efer %x  cs %x  ss %x  tr %x", klog.H16(c.EFER()), klog.X(c.Segment(exit.CS).Selector),
		klog.X(c.Segment(exit.SS).Selector), klog.X(c.Segment(exit.TR).Selector))
	r := &c.Regs.GPR
	klog.Errorf("rax %x  rbx %x  rcx %x  rdx %x", klog.H16(r[exit.RAX]), klog.H16(r[exit.RBX]), klog.H16(r[exit.RCX]), klog.H16(r[exit.RDX]))
	klog.Errorf("rsi %x  rdi %x  rbp %x  r8  %x", klog.H16(r[exit.RSI]), klog.H16(r[exit.RDI]), klog.H16(r[exit.RBP]), klog.H16(r[exit.R8]))
	klog.Errorf("r9  %x  r10 %x  r11 %x  r12 %x", klog.H16(r[exit.R9]), klog.H16(r[exit.R10]), klog.H16(r[exit.R11]), klog.H16(r[exit.R12]))
	klog.Errorf("r13 %x  r14 %x  r15 %x", klog.H16(r[exit.R13]), klog.H16(r[exit.R14]), klog.H16(r[exit.R15]))
}
