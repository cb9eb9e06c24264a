package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
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
	d, from, e := v.Domain, pagetype.Owner(v.Domain.ID), hypercall.Errno(0)
	if s.ForeignDom != hypercall.ForeignDom(hypercall.DOMID_SELF) {
		if d, from, e = updated(v, s.ForeignDom); e == hypercall.ESRCH {
			return fail(e)
		}
	}
	h, memory, list := v.Holder(), &v.KernelMemory, &room(v).requests
	var c mm.Call
	c.Begin(h, &d.Memory, from, machine.Budget)
	for e == 0 && done < s.Count {
		n := guestmem.Some(memory, list[:min(int(s.Count-done), len(list))], frame.VAddr(s.Reqs.At(uint64(done))))
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
		if r != pagetype.OK {
			e = errno(r)
		}
	}
	v.Lists[domain.ListedMMUUpdate].Count(s.Count)
	return report(memory, s.DoneOut, done, e)
}

// updated is whose tables an mmu_update changes, and whose frames new entries may map.
//
// ESRCH: there is no such domain. EPERM: the caller has no rights over one of them.
func updated(v *domain.VCPU, f hypercall.ForeignDom) (d *domain.Domain, from pagetype.Owner, e hypercall.Errno) {
	if d, e = tableOwner(v, f); d == nil {
		return nil, 0, e
	}
	_, from, failure := frameOwner(v, f.Frames())
	if e == 0 || failure == hypercall.ESRCH {
		e = failure
	}
	return d, from, e
}

// report is the result of a call that makes a list of requests: how far it came
// goes where the guest wants to know it, if it can be written there.
func report(memory *guestmem.View, out hypercall.Handle[uint32], done uint32, e hypercall.Errno) int64 {
	if out != 0 {
		memory.PutUint32(frame.VAddr(out), done)
	}
	return fail(e)
}
