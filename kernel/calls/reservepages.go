package calls

import (
	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pmm"
)

// pagesAtOnce is how many extents of one page are looked at together: so many take
// each lock once.
const pagesAtOnce = 32

// unmapped is machine.NotMapped in a list.
const unmapped = ^hypercall.XenPFN(0)

const _ = uint(machine.NotMapped - uint64(unmapped)) // the same

// pages does a command for extents of one page from n on, some of them, and returns for
// how many. Their names are on one page of the list, or it is one.
func (r *reservation) pages(cmd, n uint64) uint64 {
	memory, list := &r.v.KernelMemory, room(r.v).frames[:min(r.s.NrExtents-n, pagesAtOnce)]
	at := r.s.ExtentStart.At(n)
	list = list[:guestmem.Some(memory, list, frame.VAddr(at))]
	if len(list) == 0 {
		return 0
	}
	switch cmd {
	case hypercall.XENMEM_decrease_reservation:
		return r.surrenderPages(list)
	case hypercall.XENMEM_populate_physmap:
		return r.addPages(list, at)
	}
	for i := range list {
		list[i] = unmapped
	}
	return r.addPages(list, at)
}

// addPages gives the domain frames for some of the guest's pages, which are named, and tells
// the guest where the names are. If it can't be told, there are none.
func (r *reservation) addPages(list []hypercall.XenPFN, at hypercall.Handle[hypercall.XenPFN]) uint64 {
	h, frames := r.v.Holder(), room(r.v).mfns[:len(list)]
	for !machine.Reserve(r.d, int64(len(frames))) {
		if len(frames) == 1 {
			return 0
		}
		frames = frames[:len(frames)/2]
	}
	n := machine.RAM.AllocFrames(h, frames, pmm.Anywhere)
	for i, m := range frames[:n] {
		if list[i] != unmapped {
			machine.M2P[m] = uint64(list[i]) // before it is the guest's, and may soon be another's
		}
		list[i] = hypercall.XenPFN(m)
	}
	given := n
	if !r.tell(at, list[:n]) || !machine.GiveFrames(h, r.d, frames[:n]) {
		given = 0
		for _, m := range frames[:n] {
			machine.FreeFrame(h, m)
		}
	}
	if given != len(frames) {
		r.d.Pages.Add(int64(given - len(frames)))
	}
	return uint64(given)
}

// tell writes numbers of frames to the guest's list.
func (r *reservation) tell(at hypercall.Handle[hypercall.XenPFN], list []hypercall.XenPFN) bool {
	if len(list) == 1 {
		return put(r.v, hypercall.Handle[byte](at), &list[0])
	}
	return putAll(r.v, at, list)
}

// surrenderPages takes frames from the domain, up to the first that it does not have.
func (r *reservation) surrenderPages(list []hypercall.XenPFN) uint64 {
	h, frames := r.v.Holder(), room(r.v).mfns[:len(list)]
	for i, m := range list {
		frames[i] = frame.MFN(m)
	}
	var c mm.Call
	machine.Begin(h, r.d, &c)
	done, result := r.d.Memory.SurrenderFrames(&c, frames)
	r.again = machine.Settle(h, r.d, &c, result)
	return uint64(done)
}
