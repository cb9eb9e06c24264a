package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pv"
)

// mmuUpdate is mmu_update: requests are taken a stretch at a time, and each
// stretch is made under one lock.
//
// EFAULT; ESRCH, EPERM: see frameOwner; and for a request those of errno.
func mmuUpdate(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.MMUUpdate()
	done := v.Progress.Done
	v.Progress.Done = 0
	if !guestmem.Usable(frame.VAddr(s.Reqs)) {
		return fail(hypercall.EFAULT)
	}
	d, e := tableOwner(v, s.ForeignDom)
	if d == nil {
		return fail(e)
	}
	_, from, failure := frameOwner(v, s.ForeignDom.Frames())
	if failure == hypercall.ESRCH {
		return fail(failure)
	}
	if e == 0 {
		e = failure
	}
	h, memory, list := v.Holder(), pv.KernelView(v), &room(v).requests
	var c mm.Call
	c.Begin(h, &d.Memory, from, machine.Budget)
	for e == 0 && done < s.Count {
		n := guestmem.Some(&memory, list[:min(int(s.Count-done), len(list))], frame.VAddr(s.Reqs.At(uint64(done))))
		if n == 0 {
			e = hypercall.EFAULT
			break
		}
		made, r := d.Memory.Update(&c, list[:n], machine.M2P)
		done += uint32(made)
		if machine.Settle(h, d, &c, r) {
			v.Progress.Done = done
			return domain.Continue
		}
		e = errno(r)
	}
	v.Lists[domain.ListedMMUUpdate].Count(s.Count)
	return report(v, s.DoneOut, done, e)
}

// report is the result of a call that makes a list of requests: how far it came
// goes where the guest wants to know it, if it can be written there.
func report(v *domain.VCPU, out hypercall.Handle[uint32], done uint32, e hypercall.Errno) int64 {
	if out != 0 {
		put(v, hypercall.Handle[byte](out), &done)
	}
	return fail(e)
}
