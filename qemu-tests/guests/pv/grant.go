package pv

import (
	"sync/atomic"

	"tuco/hypercall"
)

// GrantOp is grant_table_op of a list that begins at arg.
func GrantOp[T any](cmd uint64, arg *T, count uint64) uint64 {
	return Call(hypercall.HYPERVISOR_grant_table_op, cmd, Address(arg), count, 0, 0)
}

// Grant is an entry of the domain's grant table.
type Grant struct{ head, frame uint32 }

// Grants maps the first frame of the domain's grant table.
func Grants() *[512]Grant {
	var frame hypercall.XenPFN
	arg := hypercall.GnttabSetupTable{Dom: hypercall.DOMID_SELF, NrFrames: 1, FrameList: hypercall.Handle[hypercall.XenPFN](Address(&frame))}
	Need("setup_table", GrantOp(hypercall.GNTTABOP_setup_table, &arg, 1))
	if arg.Status != hypercall.GNTST_okay {
		panic("no grant table")
	}
	page := AllocPage()
	Need("mapping the grant table", UpdateVAMapping(page, FrameEntry(uint64(frame), RW), hypercall.UVMF_INVLPG))
	return At[[512]Grant](page)
}

// Set grants a frame to a domain, with flags besides GTF_permit_access.
func (g *Grant) Set(to hypercall.DomID, mfn uint64, flags uint32) {
	g.Write(to, mfn, hypercall.GTF_permit_access|flags)
}

// Write writes an entry, whatever it is.
func (g *Grant) Write(to hypercall.DomID, mfn uint64, flags uint32) {
	atomic.StoreUint32(&g.frame, uint32(mfn))
	atomic.StoreUint32(&g.head, uint32(to)<<16|flags)
}

// Marks are those that say how the grant is in use.
func (g *Grant) Marks() uint64 {
	return uint64(atomic.LoadUint32(&g.head)) & (hypercall.GTF_reading | hypercall.GTF_writing)
}

// End ends the grant; false if it is in use.
func (g *Grant) End() bool {
	for {
		x := atomic.LoadUint32(&g.head)
		if x&(hypercall.GTF_reading|hypercall.GTF_writing) != 0 {
			return false
		}
		if atomic.CompareAndSwapUint32(&g.head, x, 0) {
			return true
		}
	}
}

// MapGrant maps a grant.
func MapGrant(op hypercall.GnttabMapGrantRef) hypercall.GnttabMapGrantRef {
	Need("map_grant_ref", GrantOp(hypercall.GNTTABOP_map_grant_ref, &op, 1))
	return op
}

// UnmapGrant undoes it.
func UnmapGrant(op hypercall.GnttabUnmapGrantRef) hypercall.GrantStatus {
	Need("unmap_grant_ref", GrantOp(hypercall.GNTTABOP_unmap_grant_ref, &op, 1))
	return op.Status
}

// CopyGrant copies.
func CopyGrant(op hypercall.GnttabCopy) hypercall.GrantStatus {
	Need("copy", GrantOp(hypercall.GNTTABOP_copy, &op, 1))
	return op.Status
}

// Granted is a place in a page that a domain grants.
func Granted(from hypercall.DomID, ref uint64, offset uint16) hypercall.GnttabCopyPtr {
	return hypercall.GnttabCopyPtr{U: ref, DomID: from, Offset: offset}
}

// Within is a place in a page of one's own.
func Within(page uint64, offset uint16) hypercall.GnttabCopyPtr {
	return hypercall.GnttabCopyPtr{U: MFN(page), DomID: hypercall.DOMID_SELF, Offset: offset}
}

// Status requires how an element of a list has fared.
func (t *T) Status(what string, got, want hypercall.GrantStatus) bool {
	return t.Equal(what, uint64(-int64(got)), uint64(-int64(want)))
}
