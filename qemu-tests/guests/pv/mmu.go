package pv

import "tuco/hypercall"

// MMUUpdates is mmu_update of a batch. Done is how many requests were done.
func MMUUpdates(foreign hypercall.ForeignDom, requests ...hypercall.MMUUpdate) (done uint32, result uint64) {
	done = ^uint32(0)
	var first uint64
	if len(requests) > 0 {
		first = Address(&requests[0])
	}
	result = Call(hypercall.HYPERVISOR_mmu_update, first, uint64(len(requests)), Address(&done), uint64(foreign), 0)
	return done, result
}

// Own is the ForeignDom of a domain that changes its own tables and maps its own frames.
const Own = hypercall.ForeignDom(hypercall.DOMID_SELF)

// SetEntry changes an entry of a table, which the builder mapped as a page.
func SetEntry(table, i, entry uint64) uint64 {
	return MMUUpdate(Machine(table)+8*i, entry)
}

// MMUExtOps is mmuext_op of a batch. Done is how many operations were done.
func MMUExtOps(foreign hypercall.DomID, ops ...hypercall.MMUExtOp) (done uint32, result uint64) {
	done = ^uint32(0)
	var first uint64
	if len(ops) > 0 {
		first = Address(&ops[0])
	}
	result = Call(hypercall.HYPERVISOR_mmuext_op, first, uint64(len(ops)), Address(&done), uint64(foreign), 0)
	return done, result
}

// TryPin pins a page as a table of a level, if it can be one.
func TryPin(page uint64, level int) uint64 {
	return MMUExtOp(hypercall.MMUExtOp{Cmd: uint32(hypercall.MMUEXT_PIN_L1_TABLE + level - 1), Arg1: MFN(page)})
}

// TryUnpin unpins it, if it is pinned.
func TryUnpin(page uint64) uint64 {
	return MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_UNPIN_TABLE, Arg1: MFN(page)})
}

// MapPage maps a page where the builder mapped it, as bits say: RW or RO.
func MapPage(page, bits uint64) uint64 {
	return UpdateVAMapping(page, PageEntry(page, bits), hypercall.UVMF_INVLPG)
}

// PageEntry is an entry for the frame of a page.
func PageEntry(page, bits uint64) uint64 { return MFN(page)*PageSize | bits }

// FrameEntry is an entry for a frame.
func FrameEntry(mfn, bits uint64) uint64 { return mfn*PageSize | bits }

// SpareFrame is a frame of the domain's that is mapped nowhere: number i of them.
func SpareFrame(i uint64) uint64 { return *P2M(SparePFN(i)) }

// SparePFN is the page of such a frame. The upper half of the domain's memory is behind all that the builder maps.
func SparePFN(i uint64) uint64 { return StartInfo.NrPages/2 + i }
