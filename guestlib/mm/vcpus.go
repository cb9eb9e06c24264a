package mm

import (
	"tuco/guestlib/console"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// several says that more than one vCPU may look at the address space.
var several bool

// Share says that from now on more than one vCPU may look at the address space.
func Share() {
	lock.Lock()
	several = true
	lock.Unlock()
}

// flush has whoever may look at the address space forget what was taken away.
func flush() {
	if several {
		hypercalls.FlushTLBs()
	} else {
		hypercalls.FlushTLB()
	}
}

// unclean is pages that the hypervisor has to clear before the next updates go out.
var unclean struct {
	list [64]hypercall.MMUExtOp
	n    int
}

func clearPage(p pfn) {
	unclean.list[unclean.n] = hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_CLEAR_PAGE, Arg1: machineOf(p) / PageSize}
	unclean.n++
	if unclean.n == len(unclean.list) {
		clearPages()
	}
}

func clearPages() {
	if unclean.n > 0 && hypercalls.MMUExt(unclean.list[:unclean.n]) != 0 {
		console.Fatal("the hypervisor refused to clear a page")
	}
	unclean.n = 0
}
