package crash

import (
	"tuco/kernel/idt"
	"tuco/kernel/klog"
	"tuco/kernel/percpu"
	"tuco/kernel/x86"
)

// first is the state that the report is about, for when the report itself
// faults and loses it: both use the same stack.
var first idt.Frame

// report prints what can be known and ends the machine.
func report(f *idt.Frame) {
	text := reason.text[:reason.size]
	cpu := percpu.Current()
	claim(cpu)
	klog.BreakLock()
	switch depth {
	case 1:
		first = *f
	case 2: // the report faulted: say so, briefly, and still end properly
		klog.Errorf("fault inside the crash report: %s, at %x", klog.B(text), klog.X(f.RIP))
		backtrace(f)
		klog.Infof("the fault that the report was about:")
		backtrace(&first)
		end(text)
	default: // and so did that
		end(text)
	}
	stopOthers()

	_, stack := percpu.Of(f.RSP)
	klog.Errorf("crash on cpu %d (%s stack): %s", klog.D(cpu.ID), klog.S(stack.String()), klog.B(text))
	registers(f)
	if reportFaults && depth == 1 {
		provokeNil(nil)
	}
	klog.Infof("backtrace:")
	backtrace(f)
	if machine.Trace != nil {
		machine.Trace()
	}
	if n := running(); machine.StopOthers != nil && n > 0 {
		klog.Errorf("%d of %d other CPUs did not stop", klog.D(n), klog.D(percpu.Count()-1))
	}
	end(text)
}

// registers prints the state that f stopped, and what of the CPU's goes with it.
func registers(f *idt.Frame) {
	interruptedState("", f)
	klog.Infof("CR2 %x  CR3 %x  CR4    %x", klog.H16(x86.ReadCR2()), klog.H16(x86.ReadCR3()), klog.H16(x86.ReadCR4()))
}

// interruptedState prints the state that f stopped, indented by some blanks.
func interruptedState(indent string, f *idt.Frame) {
	in := klog.S(indent)
	klog.Infof("%sRIP %x  RSP %x  RFLAGS %x", in, klog.H16(f.RIP), klog.H16(f.RSP), klog.H16(f.RFLAGS))
	klog.Infof("%sRAX %x  RBX %x  RCX    %x", in, klog.H16(f.RAX), klog.H16(f.RBX), klog.H16(f.RCX))
	klog.Infof("%sRDX %x  RSI %x  RDI    %x", in, klog.H16(f.RDX), klog.H16(f.RSI), klog.H16(f.RDI))
	klog.Infof("%sRBP %x  R8  %x  R9     %x", in, klog.H16(f.RBP), klog.H16(f.R8), klog.H16(f.R9))
	klog.Infof("%sR10 %x  R11 %x  R12    %x", in, klog.H16(f.R10), klog.H16(f.R11), klog.H16(f.R12))
	klog.Infof("%sR13 %x  R14 %x  R15    %x", in, klog.H16(f.R13), klog.H16(f.R14), klog.H16(f.R15))
	klog.Infof("%sCS  %x  SS  %x", in, klog.H16(f.CS), klog.H16(f.SS))
}
