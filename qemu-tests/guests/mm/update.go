package mm

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// requests is for batches that are too large for the stack.
var requests [512]hypercall.MMUUpdate

// set makes request i one that changes an entry of the region's L1.
func set(r *pv.Space, i int, index, entry uint64) {
	requests[i] = hypercall.MMUUpdate{Ptr: pv.Machine(r.Table(1)) + 8*index, Val: entry}
}

// batches maps and unmaps frames in batches of many sizes.
func batches(t *pv.T) {
	var r pv.Space
	r.Install(slot)
	for _, n := range [...]int{0, 1, 2, 3, 7, 8, 31, 32, 33, 127, 128, 129, 255, 256, 257, 511, 512} {
		for i := range n {
			set(&r, i, uint64(i), pv.FrameEntry(pv.SpareFrame(uint64(i)), pv.RW))
		}
		done, result := pv.MMUUpdates(pv.Own, requests[:n]...)
		t.OK("batch that maps", result)
		t.Equal("done", uint64(done), uint64(n))
		for i := range uint64(n) {
			if !t.Equal("entry", r.Entry(i), pv.FrameEntry(pv.SpareFrame(i), pv.RW)) {
				break
			}
			word := pv.At[uint64](r.Page(i))
			*word = i
			t.Equal("what was written through the mapping", *word, i)
		}
		for i := range n {
			set(&r, i, uint64(n-1-i), 0)
		}
		done, result = pv.MMUUpdates(pv.Own, requests[:n]...)
		t.OK("batch that unmaps", result)
		t.Equal("done", uint64(done), uint64(n))
		for i := range uint64(n) {
			if !t.Equal("entry", r.Entry(i), 0) {
				break
			}
		}
	}
	r.Remove()
}

// batchStops has a request in the midst of a batch refused: those before are done, those behind are not.
func batchStops(t *pv.T) {
	var r pv.Space
	r.Install(slot)
	const n = 64
	good := pv.FrameEntry(pv.SpareFrame(0), pv.RW)
	for _, at := range [...]int{0, 1, 31, 32, n - 1} {
		for i := range n {
			set(&r, i, uint64(i), good)
		}
		set(&r, at, uint64(at), pv.PageEntry(r.Table(1), pv.RW))
		done, result := pv.MMUUpdates(pv.Own, requests[:n]...)
		t.Errno("batch with a writable mapping of a table", result, hypercall.EBUSY)
		t.Equal("done", uint64(done), uint64(at))
		for i := range n {
			want := good
			if i >= at {
				want = 0
			}
			t.Equal("entry", r.Entry(uint64(i)), want)
			set(&r, i, uint64(i), 0)
		}
		_, result = pv.MMUUpdates(pv.Own, requests[:n]...)
		pv.Need("unmap", result)
	}
	r.Remove()
}

// batchLists gives lists that can't be read, and places for the count that can't be written.
func batchLists(t *pv.T) {
	var r pv.Space
	r.Install(slot)
	set(&r, 0, 0, pv.FrameEntry(pv.SpareFrame(0), pv.RW))
	call := func(list, count, done uint64) uint64 {
		return pv.Call(hypercall.HYPERVISOR_mmu_update, list, count, done, uint64(pv.Own), 0)
	}
	t.OK("nowhere to count", call(pv.Address(&requests[0]), 1, 0))
	t.Equal("entry", r.Entry(0), requests[0].Val)
	requests[0].Val = 0
	for _, bad := range pv.BadAddresses {
		t.Errno("list where nothing is", call(bad, 1, 0), hypercall.EFAULT)
		t.OK("count where nothing is", call(pv.Address(&requests[0]), 1, bad))
	}
	t.Equal("entry", r.Entry(0), 0)

	// The list ends within a page, and the next is not mapped.
	page := r.Page(0)
	pv.Need("map", r.Set(0, pv.FrameEntry(pv.SpareFrame(0), pv.RW)))
	const n, first = 3, 10
	list := page + pv.PageSize - n*16
	for i := range uint64(n) {
		*pv.At[hypercall.MMUUpdate](list + 16*i) = hypercall.MMUUpdate{
			Ptr: pv.Machine(r.Table(1)) + 8*(first+i), Val: pv.FrameEntry(pv.SpareFrame(1+i), pv.RO),
		}
	}
	done := uint32(99)
	t.Errno("list that runs into nothing", call(list, n+1, pv.Address(&done)), hypercall.EFAULT)
	t.Equal("done", uint64(done), n)
	for i := range uint64(n) {
		t.Equal("entry", r.Entry(first+i), pv.FrameEntry(pv.SpareFrame(1+i), pv.RO))
		pv.Need("unmap", r.Set(first+i, 0))
	}
	pv.Need("unmap", r.Set(0, 0))
	r.Remove()
}

// updateCommands tries what the lowest bits of an address can say.
func updateCommands(t *pv.T) {
	var r pv.Space
	r.Install(slot)
	entry := pv.FrameEntry(pv.SpareFrame(0), pv.RO)
	for _, cmd := range [...]uint64{hypercall.MMU_NORMAL_PT_UPDATE, hypercall.MMU_PT_UPDATE_PRESERVE_AD, hypercall.MMU_PT_UPDATE_NO_TRANSLATE} {
		_, result := pv.MMUUpdates(pv.Own, hypercall.MMUUpdate{Ptr: pv.Machine(r.Table(1)) | cmd, Val: entry})
		t.OK("command", result)
		t.Equal("entry", r.Entry(0), entry)
		pv.Need("unmap", r.Set(0, 0))
	}
	for cmd := uint64(4); cmd < 8; cmd++ {
		done, result := pv.MMUUpdates(pv.Own, hypercall.MMUUpdate{Ptr: pv.Machine(r.Table(1)) | cmd, Val: entry})
		t.Errno("no command", result, hypercall.ENOSYS)
		t.Equal("done", uint64(done), 0)
		t.Equal("entry", r.Entry(0), 0)
	}
	for _, mfn := range [...]uint64{1 << 38, 1<<40 - 1, 1<<52 - 1} {
		_, result := pv.MMUUpdates(pv.Own, hypercall.MMUUpdate{Ptr: mfn * pv.PageSize, Val: entry})
		t.Errno("table where no memory is", result, hypercall.EINVAL)
	}
	r.Remove()
}

// preserveAD changes an entry with accessed and dirty bits.
func preserveAD(t *pv.T) {
	const ad = pv.Accessed | pv.Dirty
	var r pv.Space
	r.Install(slot)
	clean := pv.FrameEntry(pv.SpareFrame(0), pv.RW&^ad)
	pv.Need("map", r.Set(0, clean))
	*pv.At[uint64](r.Page(0)) = 1
	t.Equal("bits that a write sets", r.Entry(0)&ad, ad)
	_, result := pv.MMUUpdates(pv.Own, hypercall.MMUUpdate{
		Ptr: pv.Machine(r.Table(1)) | hypercall.MMU_PT_UPDATE_PRESERVE_AD, Val: clean &^ pv.Write,
	})
	t.OK("change that preserves", result)
	t.Equal("entry", r.Entry(0), clean&^pv.Write|ad)
	t.OK("change that does not", r.Set(0, clean&^pv.Write))
	t.Equal("entry", r.Entry(0), clean&^pv.Write)
	pv.Need("unmap", r.Set(0, 0))
	r.Remove()
}

// updateData writes to a page that is no table.
func updateData(t *pv.T) {
	page := pv.AllocPage()
	t.OK("a page", pv.SetEntry(page, 5, 0x1234_5678_9abc_def0))
	t.Equal("word", *pv.At[uint64](page + 40), 0x1234_5678_9abc_def0)
	pv.FreePage(page)
	_, result := pv.MMUUpdates(pv.Own, hypercall.MMUUpdate{Ptr: pv.SpareFrame(0) * pv.PageSize, Val: 1})
	t.OK("a frame that is mapped nowhere", result)
}

// machphys changes the table from machine to pseudo-physical frames.
func machphys(t *pv.T) {
	mfn := pv.SpareFrame(0)
	pfn := pv.M2P(mfn)
	t.Equal("page of its frame", *pv.P2M(pfn), mfn)
	change := func(mfn, pfn uint64) uint64 {
		_, result := pv.MMUUpdates(pv.Own, hypercall.MMUUpdate{Ptr: mfn*pv.PageSize | hypercall.MMU_MACHPHYS_UPDATE, Val: pfn})
		return result
	}
	for _, to := range [...]uint64{0, 1 << 40, ^uint64(0), pfn} {
		t.OK("change", change(mfn, to))
		t.Equal("page of the frame", pv.M2P(mfn), to)
	}
	for _, mfn := range [...]uint64{1 << 38, 1<<40 - 1, 1<<52 - 1} {
		t.Errno("frame where no memory is", change(mfn, 0), hypercall.EINVAL)
	}
	t.Errno("frame of the hypervisor", change(hypervisorFrame(), 0), hypercall.EINVAL)
}

// hypervisorFrame is one that no domain owns: the first of the table that machphys changes.
func hypervisorFrame() uint64 {
	var extent hypercall.XenPFN
	list := hypercall.XenMachphysMFNList{MaxExtents: 1, ExtentStart: hypercall.Handle[hypercall.XenPFN](pv.Address(&extent))}
	pv.Need("machphys_mfn_list", pv.MemoryOp(hypercall.XENMEM_machphys_mfn_list, &list))
	return uint64(extent)
}
