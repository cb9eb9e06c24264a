package crash

import (
	"tuco/kernel/frame"
	"tuco/kernel/idt"
	"tuco/kernel/klog"
	"tuco/kernel/percpu"
	"tuco/kernel/rt"
	"tuco/kernel/x86"
)

// Init takes over klog.Bug and every exception and interrupt that nobody else
// handles. The boot sequence calls it before anything can go wrong.
func Init() {
	klog.OnBug = raise
	idt.Init(unexpected)
	idt.SetHandler(x86.VectorGP, generalProtection)
	idt.SetHandler(x86.VectorNMI, nonMaskable)
}

// reason is the text of the report. That two CPUs which crash in the same
// instant may both write it is the price of having no lock here.
var reason struct {
	text [256]byte
	size int
}

func setReason(format string, args ...klog.Arg) {
	reason.size = len(klog.Format(reason.text[:], format, args...))
}

// raise enters the report from klog.Bug.
func raise(text []byte) {
	setReason("%s", klog.B(text))
	trap()
}

// trap raises idt.BugVector.
func trap()

// trapped is the address after trap's instruction.
func trapped() frame.VAddr

// unexpected takes what has no handler.
func unexpected(f *idt.Frame) {
	switch v := f.Vector(); {
	case v == idt.BugVector && rt.IsStackOverflow(uintptr(f.RIP)):
		setReason("kernel stack overflow")
	case v == idt.BugVector && f.RIP == trapped():
		// raise has set the reason
	case v == x86.VectorPF:
		describePageFault(f)
	case v == x86.VectorDF:
		describeDoubleFault(f)
	case v < x86.FirstFree || v == idt.BugVector:
		setReason("%s, error code %x", klog.S(v.String()), klog.X(f.ErrorCode))
	default:
		klog.Warnf("cpu %d: unexpected interrupt, vector %x", klog.D(percpu.Current().ID), klog.X(uint8(v)))
		return
	}
	report(f)
}

func describePageFault(f *idt.Frame) {
	access := "reading"
	switch {
	case f.ErrorCode&x86.PFFetch != 0:
		access = "executing"
	case f.ErrorCode&x86.PFWrite != 0:
		access = "writing"
	}
	why := "not mapped"
	switch {
	case f.ErrorCode&x86.PFReserved != 0:
		why = "reserved bit in a page table"
	case f.ErrorCode&x86.PFPresent != 0:
		why = "not permitted"
	}
	at := frame.VAddr(x86.ReadCR2())
	if percpu.IsGuard(at) {
		setReason("kernel stack overflow: %s %x in the guard below a stack", klog.S(access), klog.X(at))
		return
	}
	if at < frame.PageSize {
		setReason("nil dereference, %s %x", klog.S(access), klog.X(at))
		return
	}
	setReason("page fault %s %x: %s", klog.S(access), klog.X(at), klog.S(why))
}

// describeDoubleFault tells the usual cause, a stack pointer in a guard, from others.
func describeDoubleFault(f *idt.Frame) {
	low, high := percpu.Bounds(f.RSP)
	if f.RSP < low+64 || f.RSP > high {
		setReason("double fault: the stack pointer %x has left the stack %x-%x",
			klog.X(f.RSP), klog.X(low), klog.X(high))
		return
	}
	setReason("double fault")
}

// generalProtection resumes a refused x86.ReadMSRSafe; anything else is a bug.
func generalProtection(f *idt.Frame) {
	if resume, ok := x86.RecoverGuarded(f.RIP); ok {
		f.RIP = resume
		f.RCX = 0
		return
	}
	unexpected(f)
}
