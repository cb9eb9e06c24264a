package keys

import (
	"sync/atomic"

	"tuco/kernel/idt"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/percpu"
	"tuco/kernel/x86"
)

// wanted tells each CPU, by a 1, that it is to print its registers. Set by the
// CPU of the console, cleared by the CPU itself.
var wanted [layout.MaxCPUs]atomic.Uint32

// Call interrupts a CPU so that it calls Serve. The boot sequence sets it
// before Start.
var Call func(cpu int)

// registers asks every CPU, this one too, to print its registers. Each does
// when its interrupt comes, with what it was doing then in the frame. A CPU
// that has not answered by the next time the key is pressed is named.
func registers(*lock.Holder) {
	for cpu := range percpu.Count() {
		// Release: nothing goes with it; the interrupt only hurries it.
		if wanted[cpu].Swap(1) != 0 {
			klog.Infof("cpu %d has not answered since the last time", klog.D(cpu))
		}
		if Call != nil {
			Call(cpu)
		}
	}
}

// Serve prints this CPU's registers, if the console wants them. The handler of
// Call's interrupt calls it.
func Serve(cpu int, f *idt.Frame) {
	if wanted[cpu].Swap(0) == 0 {
		return
	}
	printing.Lock(&percpu.Get(cpu).Locks)
	klog.Infof("cpu %d: RIP %x  RSP %x  RFLAGS %x", klog.D(cpu), klog.H16(f.RIP), klog.H16(f.RSP), klog.H16(f.RFLAGS))
	klog.Infof("  RAX %x  RBX %x  RCX %x  RDX %x", klog.H16(f.RAX), klog.H16(f.RBX), klog.H16(f.RCX), klog.H16(f.RDX))
	klog.Infof("  RSI %x  RDI %x  RBP %x  R8  %x", klog.H16(f.RSI), klog.H16(f.RDI), klog.H16(f.RBP), klog.H16(f.R8))
	klog.Infof("  R9  %x  R10 %x  R11 %x  R12 %x", klog.H16(f.R9), klog.H16(f.R10), klog.H16(f.R11), klog.H16(f.R12))
	klog.Infof("  R13 %x  R14 %x  R15 %x  CR2 %x", klog.H16(f.R13), klog.H16(f.R14), klog.H16(f.R15), klog.H16(x86.ReadCR2()))
	klog.Infof("  CR0 %x  CR3 %x  CR4 %x", klog.H16(x86.ReadCR0()), klog.H16(x86.ReadCR3()), klog.H16(x86.ReadCR4()))
	printing.Unlock(&percpu.Get(cpu).Locks)
}

// printing keeps one CPU's registers together.
var printing lock.Spin
