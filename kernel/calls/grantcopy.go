package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
)

// copyGrant is an element of GNTTABOP_copy: it copies from a page to a page.
//
// GNTST_bad_copy_arg: beyond a page. The others are those of copyEnd.open.
func copyGrant(v *domain.VCPU, op *hypercall.GnttabCopy) (again bool) {
	n, from, to := uint64(op.Len), uint64(op.Source.Offset), uint64(op.Dest.Offset)
	if from+n > frame.PageSize || to+n > frame.PageSize {
		op.Status = hypercall.GNTST_bad_copy_arg
		return false
	}
	var source, dest copyEnd
	if op.Status = source.open(v, &op.Source, op.Flags&hypercall.GNTCOPY_source_gref != 0, false); op.Status != hypercall.GNTST_okay {
		return op.Status == makeAgain
	}
	if op.Status = dest.open(v, &op.Dest, op.Flags&hypercall.GNTCOPY_dest_gref != 0, true); op.Status == hypercall.GNTST_okay {
		copy(machine.Types.Page(dest.m)[to:to+n], machine.Types.Page(source.m)[from:])
		dest.close(v)
	}
	source.close(v)
	return op.Status == makeAgain
}

// copyEnd is a page of a copy, which stays what it is from open to close.
type copyEnd struct {
	d       *domain.Domain // the page's owner
	granted bool
	ref     hypercall.GrantRef
	m       frame.MFN
	write   bool    // pinned so
	typed   bool    // held as writable
	c       mm.Call // for the owner's frames
}

// open finds and holds a page: the caller's own, or one that is granted to it.
//
// GNTST_bad_domain. GNTST_permission_denied: a frame of a domain that is named by its number.
// GNTST_bad_page: a frame that is not the domain's. GNTST_general_error: a page that may not
// be written to now, since it is in use as a table. The others are those of grant.Table.Pin.
func (e *copyEnd) open(v *domain.VCPU, p *hypercall.GnttabCopyPtr, granted, write bool) (s hypercall.GrantStatus) {
	if e.d = find(v, p.DomID); e.d == nil {
		return hypercall.GNTST_bad_domain
	}
	if !granted && p.DomID != hypercall.DOMID_SELF {
		return hypercall.GNTST_permission_denied
	}
	h, owner := v.Holder(), pagetype.Owner(e.d.ID)
	e.granted, e.write = granted, write
	machine.Begin(h, e.d, &e.c)
	if granted {
		e.ref = p.Ref()
		e.m, s = e.d.Grants.Pin(h, &e.c.Work, e.ref, v.Domain.DomID(), write)
	} else {
		e.m = frame.MFN(p.GMFN())
		if e.c.TryGet(e.m, owner) != pagetype.OK {
			s = hypercall.GNTST_bad_page
		}
	}
	if s != hypercall.GNTST_okay || !write {
		return s
	}
	r := e.c.GetWritable(e.m, owner)
	if e.typed = r == pagetype.OK; e.typed {
		return s
	}
	e.close(v)
	if machine.Settle(h, e.d, &e.c, r) {
		return makeAgain
	}
	return hypercall.GNTST_general_error
}

// close lets go of the page.
func (e *copyEnd) close(v *domain.VCPU) {
	h := v.Holder()
	if e.typed {
		e.c.PutWritable(e.m)
	}
	if e.granted {
		e.d.Grants.Unpin(h, &e.c.Work, e.ref, e.write)
	} else {
		e.c.Put(e.m)
	}
	if e.c.AnyFreed() {
		machine.FreeFrames(h, &e.c)
	}
}
