package crash

import (
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/x86"
)

// Provoke breaks the hypervisor on purpose, in the way that kind names, so that
// tests and users see a report. It returns only where it does not know kind.
//
// The kinds that need a guest or an interrupt begin where those are handled,
// and come here as "nil".
func Provoke(kind string) {
	switch kind {
	case "bounds":
		provokeBounds(len(kind))
	case "nil":
		provokeNil(nil)
	case "stack":
		klog.Infof("%d", klog.D(provokeStack(1)))
	case "guard":
		provokeGuard()
	case "bug":
		klog.Bug("provoked by the command line")
	case "divide":
		provokeDivide(len(kind) - 6)
	case "text":
		// The image's text must not be writable.
		*(*byte)(layout.Pointer(trapped())) = 0
	case "execute":
		provokeExecute()
	case "heap":
		provokeHeap(len(kind))
	case "triple-fault":
		x86.LoadIDT(&noVectors)
		trap()
	case "fault-in-handler":
		reportFaults = true
		provokeNil(nil)
	}
}

// noVectors is a table by which nothing can be delivered, no fault of that either.
var noVectors x86.TableRegister

// reportFaults makes the first report fault before its end.
var reportFaults bool

//go:noinline
func provokeBounds(n int) {
	var a [4]int
	a[n&3] = n
	klog.Infof("%d", klog.D(a[n]))
}

//go:noinline
func provokeNil(p *int) { *p = 1 }

//go:noinline
func provokeStack(n int) int {
	if n == 0 {
		return 0
	}
	return provokeStack(n+1) + n
}

//go:noinline
func provokeDivide(zero int) { klog.Infof("%d", klog.D(1/zero)) }

// provokeHeap does what tools/rtcheck refuses everywhere else.
//
//go:noinline
func provokeHeap(n int) {
	b := make([]byte, n<<10) // a small one would be on the stack
	klog.Infof("%s", klog.B(b))
}

// provokeGuard pushes until the guard page, with no check in between.
func provokeGuard()

// provokeExecute jumps into data, with the address in RAX, and in each other but RSP
// and RBP bytes that are its number.
func provokeExecute()
