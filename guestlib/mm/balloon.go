package mm

import (
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// A domain can give free frames back to the hypervisor, and ask for others later. Its pages stay as many as they were when it
// started; those without a frame are taken for good, and the list of machine frames has noFrame for them.
const noFrame = ^uint64(0)

// moved is how many frames go back or come in one hypercall, which is not to take long.
const moved = 256

// least is how many free pages the domain keeps, beside a quarter of what is in use: Go's heap grows by as much before the
// collector runs.
const least = 1024

// balloon is who calls, with the memory lock held, and what is given back.
var balloon struct {
	list    [moved]hypercall.XenPFN
	pages   [moved]pfn
	without uint64 // pages that have no frame
	next    uint64 // where the search for one begins
}

// reservation is memory_op's increase or decrease of the balloon's list; tests have another. It returns how many frames of the
// list were moved, from the beginning.
var reservation = func(cmd uint64, n uint64) uint64 {
	arg := hypercall.XenMemoryReservation{
		ExtentStart: hypercall.Handle[hypercall.XenPFN](hypercalls.Address(&balloon.list)), NrExtents: n, DomID: hypercall.DOMID_SELF,
	}
	done := hypercalls.Call(hypercall.HYPERVISOR_memory_op, cmd, hypercalls.Address(&arg), 0, 0, 0)
	if hypercall.Failed(done) != 0 {
		return 0
	}
	return min(done, n)
}

// Current is how many pages have a frame.
func Current() uint64 {
	lock.Lock()
	n := pages.count - balloon.without
	lock.Unlock()
	return n
}

// GiveBack gives some free frames back to the hypervisor, and returns how many: none if too few are free, or it wants none.
// Some stay: a program whose memory runs out ends.
func GiveBack(n uint64) uint64 {
	lock.Lock()
	used := pages.count - balloon.without - pages.free
	if stay := least + used/4; pages.free > stay {
		n = min(n, moved, pages.free-stay)
	} else {
		n = 0
	}
	for i := range n {
		p, ok := pages.take()
		if !ok {
			n = i
			break
		}
		balloon.pages[i], balloon.list[i] = p, hypercall.XenPFN(machineOf(p)/PageSize)
	}
	done := uint64(0)
	if n > 0 {
		done = reservation(hypercall.XENMEM_decrease_reservation, n)
	}
	for i, p := range balloon.pages[:n] {
		if uint64(i) < done {
			*frameEntry(p) = noFrame
		} else {
			pages.give(p)
		}
	}
	balloon.without += done
	lock.Unlock()
	return done
}

// TakeBack asks the hypervisor for frames, for pages that have none, and returns how many came.
func TakeBack(n uint64) uint64 {
	lock.Lock()
	n = min(n, moved, balloon.without)
	for i := range n {
		for *frameEntry(pfn(balloon.next % pages.count)) != noFrame {
			balloon.next++
		}
		p := pfn(balloon.next % pages.count)
		balloon.next++
		balloon.pages[i], balloon.list[i] = p, hypercall.XenPFN(p)
	}
	done := uint64(0)
	if n > 0 {
		done = reservation(hypercall.XENMEM_populate_physmap, n)
	}
	for i, p := range balloon.pages[:done] {
		*frameEntry(p) = uint64(balloon.list[i])
		pages.give(p)
	}
	balloon.without -= done
	lock.Unlock()
	return done
}

// frameEntry is a page's place in the list of machine frames.
func frameEntry(p pfn) *uint64 { return hypercalls.At[uint64](p2m + 8*uint64(p)) }
