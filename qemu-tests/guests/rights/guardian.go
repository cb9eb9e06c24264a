package rights

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// guardian is that a privileged domain may do with another's memory what is meant for builders of domains, and no more.
func guardian(t *pv.T) {
	mfn, port := findBoard()
	page := pv.AllocPage()
	own := pv.PageEntry(page, pv.RW)
	entry := pv.FrameEntry(mfn, pv.RW)
	if !t.OK("mapping the ward's page", mapOther(page, entry, ward)) {
		return
	}
	b := pv.At[board](page)
	if !t.Equal("what it holds", b.magic, magic) {
		return
	}
	other := pv.AllocPage()
	mappings(t, b, mfn, other)
	operations(t, b, other)
	updates(t, b, mfn)
	reservations(t, b)
	givePorts(t, b)
	giveIOMemory(t, b)

	b.done = 1
	for portOf(port) != nil {
		pv.Sleep(pv.Now() + pv.Millisecond)
	}
	t.Equal("the page, whose owner is gone", b.magic, magic)
	pv.Need("mapping the own page again", pv.UpdateVAMapping(page, own, hypercall.UVMF_INVLPG))
	pv.Sleep(pv.Now() + 2*pv.Second) // with this domain the machine ends: the ward is to be taken apart before
}

// findBoard waits for the ward's two ports, and returns the frame that they tell, and one of them.
func findBoard() (mfn uint64, p hypercall.Port) {
	for {
		var low, high uint64
		for p = 1; p < 32; p++ {
			if s := portOf(p); s != nil && s.Status == hypercall.EVTCHNSTAT_unbound {
				switch d := s.U.Domain(); d &^ (radix - 1) {
				case lowMark:
					low = uint64(d-lowMark) + 1
				case highMark:
					high = uint64(d-highMark) + 1
				}
			}
			if low != 0 && high != 0 {
				return low - 1 + radix*(high-1), p
			}
		}
		pv.Sleep(pv.Now() + pv.Millisecond)
	}
}

// portOf is the state of a port of the ward's, or nil if it is closed, or the ward not there.
func portOf(p hypercall.Port) *hypercall.EvtchnStatus {
	state = hypercall.EvtchnStatus{Dom: ward, Port: p}
	if pv.EventOp(hypercall.EVTCHNOP_status, &state) != 0 || state.Status == hypercall.EVTCHNSTAT_closed {
		return nil
	}
	return &state
}

// mappings are of the ward's frames and of others in its name.
func mappings(t *pv.T, b *board, mfn, page uint64) {
	t.Errno("the ward's frame in the own name", mapOther(page, pv.FrameEntry(mfn, pv.RW), hypercall.DOMID_SELF), hypercall.EBUSY)
	t.Errno("an own frame in the ward's name", mapOther(page, pv.FrameEntry(pv.SpareFrame(0), pv.RW), ward), hypercall.EBUSY)
	t.Errno("a table of the ward's, writable", mapOther(page, pv.FrameEntry(b.table, pv.RW), ward), hypercall.EBUSY)
	own := pv.PageEntry(page, pv.RW)
	if t.OK("a table of the ward's", mapOther(page, pv.FrameEntry(b.table, pv.RO), ward)) {
		t.Equal("its first entry", *pv.At[uint64](page), 0)
	}
	pv.Need("mapping the own page again", pv.UpdateVAMapping(page, own, hypercall.UVMF_INVLPG))
}

// operations are those of mmuext_op, on a frame that the ward does not use.
func operations(t *pv.T, b *board, page uint64) {
	op := func(cmd uint32, a, b uint64) uint64 {
		_, result := pv.MMUExtOps(ward, hypercall.MMUExtOp{Cmd: cmd, Arg1: a, Arg2: b})
		return result
	}
	for _, cmd := range [...]uint32{
		hypercall.MMUEXT_NEW_BASEPTR, hypercall.MMUEXT_NEW_USER_BASEPTR, hypercall.MMUEXT_TLB_FLUSH_LOCAL, hypercall.MMUEXT_TLB_FLUSH_ALL,
		hypercall.MMUEXT_TLB_FLUSH_MULTI, hypercall.MMUEXT_INVLPG_LOCAL, hypercall.MMUEXT_SET_LDT, hypercall.MMUEXT_FLUSH_CACHE,
	} {
		t.Errno("an operation that is about the caller", op(cmd, 0, 0), hypercall.EPERM)
	}
	own := pv.PageEntry(page, pv.RW)
	t.OK("copying", op(hypercall.MMUEXT_COPY_PAGE, b.spare, b.table))
	t.OK("clearing", op(hypercall.MMUEXT_CLEAR_PAGE, b.spare, 0))
	t.Errno("clearing an own frame in the ward's name", op(hypercall.MMUEXT_CLEAR_PAGE, pv.SpareFrame(0), 0), hypercall.EINVAL)
	t.Errno("clearing a table", op(hypercall.MMUEXT_CLEAR_PAGE, b.table, 0), hypercall.EINVAL)
	t.OK("pinning", op(hypercall.MMUEXT_PIN_L1_TABLE, b.spare, 0))
	t.Errno("pinning again", op(hypercall.MMUEXT_PIN_L1_TABLE, b.spare, 0), hypercall.EINVAL)
	t.Errno("what is pinned, writable", mapOther(page, pv.FrameEntry(b.spare, pv.RW), ward), hypercall.EBUSY)
	t.OK("unpinning", op(hypercall.MMUEXT_UNPIN_TABLE, b.spare, 0))
	t.Errno("pinning an own frame in the ward's name", op(hypercall.MMUEXT_PIN_L1_TABLE, pv.SpareFrame(0), 0), hypercall.EINVAL)
	if t.OK("what is not pinned any more, writable", mapOther(page, pv.FrameEntry(b.spare, pv.RW), ward)) {
		*pv.At[uint64](page) = magic
		t.Errno("pinning what is mapped writable", op(hypercall.MMUEXT_PIN_L1_TABLE, b.spare, 0), hypercall.EINVAL)
	}
	pv.Need("mapping the own page again", pv.UpdateVAMapping(page, own, hypercall.UVMF_INVLPG))
}

// updates are changes of the ward's tables.
func updates(t *pv.T, b *board, mfn uint64) {
	first := b.table * pv.PageSize
	_, result := pv.MMUUpdates(pv.Own, hypercall.MMUUpdate{Ptr: first})
	t.Errno("the ward's table as an own one", result, hypercall.EINVAL)
	_, result = pv.MMUUpdates(tablesOf(ward, ward), hypercall.MMUUpdate{Ptr: first, Val: pv.FrameEntry(b.table, pv.RW)})
	t.Errno("a table of the ward's, writable in its own", result, hypercall.EBUSY)
	_, result = pv.MMUUpdates(tablesOf(ward, ward), hypercall.MMUUpdate{Ptr: pv.Machine(pv.StartInfo.PTBase), Val: 0})
	t.Errno("an own table as the ward's", result, hypercall.EINVAL)
	_, result = pv.MMUUpdates(hypercall.ForeignDom(ward), hypercall.MMUUpdate{Ptr: mfn*pv.PageSize | hypercall.MMU_MACHPHYS_UPDATE, Val: pv.M2P(mfn)})
	t.OK("which page of the ward's a frame is", result)
	_, result = pv.MMUUpdates(pv.Own, hypercall.MMUUpdate{Ptr: mfn*pv.PageSize | hypercall.MMU_MACHPHYS_UPDATE, Val: 0})
	t.Errno("which own page the ward's frame is", result, hypercall.EINVAL)
	_, result = pv.MMUUpdates(tablesOf(ward, ward), hypercall.MMUUpdate{Ptr: first, Val: pv.FrameEntry(mfn, pv.Present|pv.UserPage)})
	t.OK("an entry for the ward", result)
}

// reservations are changes of the ward's memory.
func reservations(t *pv.T, b *board) {
	t.Equal("the ward's memory", reserved(hypercall.XENMEM_current_reservation, ward), b.pages)
	t.Equal("the most that it may have", reserved(hypercall.XENMEM_maximum_reservation, ward), b.pages)
	t.Equal("one more than it may have", change(hypercall.XENMEM_populate_physmap, ward, 0), 0)
	t.Equal("an own frame given back for it", change(hypercall.XENMEM_decrease_reservation, ward, pv.SpareFrame(0)), 0)
	t.Equal("a frame given back for it", change(hypercall.XENMEM_decrease_reservation, ward, b.spare), 1)
	t.Equal("its memory", reserved(hypercall.XENMEM_current_reservation, ward), b.pages-1)
	t.Equal("a frame taken for it", change(hypercall.XENMEM_populate_physmap, ward, 0x1234), 1)
	t.Equal("its page", pv.M2P(number), 0x1234)
	t.Equal("its memory", reserved(hypercall.XENMEM_current_reservation, ward), b.pages)
}
