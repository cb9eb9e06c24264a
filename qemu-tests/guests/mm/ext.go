package mm

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// flush makes all the flushes. What a flush does no emulator shows: see kernel/mm's model.
func flush(t *pv.T) {
	mask := uint64(1)
	page := pv.Address(&requests)
	for _, op := range [...]hypercall.MMUExtOp{
		{Cmd: hypercall.MMUEXT_TLB_FLUSH_LOCAL},
		{Cmd: hypercall.MMUEXT_INVLPG_LOCAL, Arg1: page},
		{Cmd: hypercall.MMUEXT_TLB_FLUSH_MULTI, Arg2: pv.Address(&mask)},
		{Cmd: hypercall.MMUEXT_INVLPG_MULTI, Arg1: page, Arg2: pv.Address(&mask)},
		{Cmd: hypercall.MMUEXT_TLB_FLUSH_ALL},
		{Cmd: hypercall.MMUEXT_INVLPG_ALL, Arg1: page},
		// Addresses that nothing maps, or nobody could.
		{Cmd: hypercall.MMUEXT_INVLPG_LOCAL, Arg1: 0},
		{Cmd: hypercall.MMUEXT_INVLPG_ALL, Arg1: pv.SlotBase(262)},
		{Cmd: hypercall.MMUEXT_INVLPG_LOCAL, Arg1: 1 << 63},
		{Cmd: hypercall.MMUEXT_INVLPG_ALL, Arg1: 1 << 63},
		{Cmd: hypercall.MMUEXT_INVLPG_MULTI, Arg1: 1 << 63, Arg2: pv.Address(&mask)},
	} {
		for _, mask = range [...]uint64{0, 1, ^uint64(0)} {
			t.OK("flush", pv.MMUExtOp(op))
		}
	}
	for _, cmd := range [...]uint32{hypercall.MMUEXT_TLB_FLUSH_MULTI, hypercall.MMUEXT_INVLPG_MULTI} {
		for _, bad := range pv.BadAddresses {
			t.Errno("a mask where nothing is", pv.MMUExtOp(hypercall.MMUExtOp{Cmd: cmd, Arg1: page, Arg2: bad}), hypercall.EINVAL)
		}
	}
	var one, all hypercall.Errno
	if !pv.Domain0() {
		one, all = hypercall.EACCES, hypercall.EINVAL
	}
	t.Errno("flush of caches", pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_FLUSH_CACHE}), one)
	t.Errno("flush of all caches", pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_FLUSH_CACHE_GLOBAL}), all)
}

// pages clears and copies pages by their frames.
func pages(t *pv.T) {
	var r pv.Space
	r.Install(slot)
	from, to := pv.SpareFrame(0), pv.SpareFrame(1)
	pv.Need("map", r.Set(0, pv.FrameEntry(from, pv.RW)))
	pv.Need("map", r.Set(1, pv.FrameEntry(to, pv.RW)))
	source, target := pv.At[[512]uint64](r.Page(0)), pv.At[[512]uint64](r.Page(1))
	for i := range source {
		source[i], target[i] = uint64(i)*0x1_0001, ^uint64(0)
	}
	clearPage := func(mfn uint64) uint64 {
		return pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_CLEAR_PAGE, Arg1: mfn})
	}
	copyPage := func(to, from uint64) uint64 {
		return pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_COPY_PAGE, Arg1: to, Arg2: from})
	}
	t.OK("copy", copyPage(to, from))
	for i := range target {
		t.Equal("word that was copied", target[i], uint64(i)*0x1_0001)
	}
	t.OK("clear", clearPage(to))
	for i := range target {
		t.Equal("word that was cleared", target[i], 0)
	}
	t.OK("copy a table", copyPage(to, pv.MFN(r.Table(1))))
	t.Equal("first entry of its copy", pv.EntryMFN(target[0]), from)
	for _, mfn := range [...]uint64{pv.MFN(r.Table(1)), pv.MFN(pv.StartInfo.PTBase), hypervisorFrame(), apicFrame, 1 << 38, 1<<40 - 1, ^uint64(0)} {
		t.Errno("clear what can't be written", clearPage(mfn), hypercall.EINVAL)
		t.Errno("copy over what can't be written", copyPage(mfn, from), hypercall.EINVAL)
	}
	for _, mfn := range [...]uint64{hypervisorFrame(), apicFrame, 1 << 38, 1<<40 - 1, ^uint64(0)} {
		t.Errno("copy what can't be read", copyPage(to, mfn), hypercall.EINVAL)
	}
	pv.Need("unmap", r.Set(0, 0))
	pv.Need("unmap", r.Set(1, 0))
	r.Remove()
}

// ldt tries arguments of set_ldt.
func ldt(t *pv.T) {
	for _, c := range [...]struct {
		what          string
		base, entries uint64
		err           hypercall.Errno
	}{
		{"none", 0, 0, 0},
		{"none, at an odd address", 0x123, 0, 0},
		{"some", pv.SlotBase(slot), 1, 0},
		{"as many as possible", pv.SlotBase(slot), 8192, 0},
		{"one more", pv.SlotBase(slot), 8193, hypercall.EINVAL},
		{"the most that can be asked for", pv.SlotBase(slot), 1<<32 - 1, hypercall.EINVAL},
		{"within a page", pv.SlotBase(slot) + 8, 1, hypercall.EINVAL},
		{"in the hypervisor's slots", pv.SlotBase(256), 1, hypercall.EINVAL},
		{"into the hypervisor's slots", pv.SlotBase(256) - pv.PageSize, 513, hypercall.EINVAL},
		{"at an address that is not canonical", 1 << 47, 1, hypercall.EINVAL},
		{"none", 0, 0, 0},
	} {
		t.Errno(c.what, pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_SET_LDT, Arg1: c.base, Arg2: c.entries}), c.err)
	}
}

// extBatches makes several operations in a call.
func extBatches(t *pv.T) {
	page := pv.AllocPage()
	pv.Protect(page)
	pin := hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_PIN_L1_TABLE, Arg1: pv.MFN(page)}
	unpin := hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_UNPIN_TABLE, Arg1: pv.MFN(page)}
	flush := hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_TLB_FLUSH_LOCAL}
	done, result := pv.MMUExtOps(hypercall.DOMID_SELF)
	t.OK("no operation", result)
	t.Equal("done", uint64(done), 0)
	done, result = pv.MMUExtOps(hypercall.DOMID_SELF, pin, flush, unpin, pin, flush, flush, unpin)
	t.OK("seven operations", result)
	t.Equal("done", uint64(done), 7)
	done, result = pv.MMUExtOps(hypercall.DOMID_SELF, pin, flush, pin, unpin)
	t.Errno("four of which the third is wrong", result, hypercall.EINVAL)
	t.Equal("done", uint64(done), 2)
	t.OK("the rest", pv.MMUExtOp(unpin))
	for _, cmd := range [...]uint32{14, 21, 100, 1<<32 - 1} {
		done, result = pv.MMUExtOps(hypercall.DOMID_SELF, flush, hypercall.MMUExtOp{Cmd: cmd})
		t.Errno("unknown operation", result, hypercall.ENOSYS)
		t.Equal("done", uint64(done), 1)
	}
	for _, cmd := range [...]uint32{hypercall.MMUEXT_MARK_SUPER, hypercall.MMUEXT_UNMARK_SUPER} {
		t.Errno("superpages", pv.MMUExtOp(hypercall.MMUExtOp{Cmd: cmd, Arg1: pv.MFN(page)}), hypercall.EOPNOTSUPP)
	}
	for _, bad := range pv.BadAddresses {
		result = pv.Call(hypercall.HYPERVISOR_mmuext_op, bad, 1, 0, uint64(hypercall.DOMID_SELF), 0)
		t.Errno("list where nothing is", result, hypercall.EFAULT)
		result = pv.Call(hypercall.HYPERVISOR_mmuext_op, pv.Address(&flush), 1, bad, uint64(hypercall.DOMID_SELF), 0)
		t.OK("count where nothing is", result)
	}
	t.OK("nowhere to count", pv.Call(hypercall.HYPERVISOR_mmuext_op, pv.Address(&flush), 1, 0, uint64(hypercall.DOMID_SELF), 0))
	pv.Unprotect(page)
	pv.FreePage(page)
}
