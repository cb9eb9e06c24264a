package grant

import (
	"tuco/guestlib/hyper"
	"tuco/guestlib/page"
	"tuco/hypercall"
)

// A Mapping is a page that another domain grants, mapped here.
type Mapping struct {
	room   *page.Room
	handle hypercall.GrantHandle
}

// Map maps a page that a domain grants. The errors: EINVAL: there is no such
// entry; ESRCH: no such domain; EIO: it grants nothing, or not to this domain, or not for writing.
func Map(from hypercall.DomID, ref Ref, writable bool) (*Mapping, error) {
	room, err := page.Reserve(1)
	if err != nil {
		return nil, err
	}
	m := &Mapping{room: room}
	if err := m.connect(from, ref, writable); err != nil {
		room.Unmap(0) // what Prepare has left there
		room.Free()
		return nil, err
	}
	return m, nil
}

func (m *Mapping) connect(from hypercall.DomID, ref Ref, writable bool) error {
	if err := m.room.Prepare(0); err != nil {
		return err
	}
	arg := hypercall.GnttabMapGrantRef{HostAddr: m.room.Address(0), Flags: hypercall.GNTMAP_host_map, Ref: ref, Dom: from}
	if !writable {
		arg.Flags |= hypercall.GNTMAP_readonly
	}
	const what = "map a grant"
	arg, _, err := hyper.Op(what, hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_map_grant_ref, arg)
	if err != nil {
		return err
	}
	m.handle = arg.Handle
	return Status(what, arg.Status)
}

// Bytes is the page, which the other domain can change at any time.
func (m *Mapping) Bytes() []byte { return m.room.Bytes(0, 1) }

// Close unmaps the page. Nobody may look at it any more.
func (m *Mapping) Close() error {
	const what = "unmap a grant"
	arg, _, err := hyper.Op(what, hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_unmap_grant_ref,
		hypercall.GnttabUnmapGrantRef{HostAddr: m.room.Address(0), Handle: m.handle})
	if err == nil {
		err = Status(what, arg.Status)
	}
	if err != nil {
		return err // the page is still there: the room can't be used again
	}
	return m.room.Free()
}

// A Place is where a copy begins, or goes to: in a page that another domain grants, or in a frame of this one.
type Place struct {
	Domain hypercall.DomID
	Ref    Ref
	Frame  hypercall.XenPFN // in this domain, if Own
	Own    bool
	Offset uint16 // in the page, in bytes
}

func (p *Place) pointer() hypercall.GnttabCopyPtr {
	if p.Own {
		return hypercall.GnttabCopyPtr{U: uint64(p.Frame), DomID: hypercall.DOMID_SELF, Offset: p.Offset}
	}
	return hypercall.GnttabCopyPtr{U: uint64(p.Ref), DomID: p.Domain, Offset: p.Offset}
}

// Copy has the hypervisor copy bytes, which lie in one page on either side. The errors are as Map's, and EINVAL where it goes
// beyond a page.
func Copy(to, from Place, size int) error {
	const what = "copy by a grant"
	arg := hypercall.GnttabCopy{Source: from.pointer(), Dest: to.pointer(), Len: uint16(min(size, page.Size+1))}
	if !from.Own {
		arg.Flags |= hypercall.GNTCOPY_source_gref
	}
	if !to.Own {
		arg.Flags |= hypercall.GNTCOPY_dest_gref
	}
	arg, _, err := hyper.Op(what, hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_copy, arg)
	if err != nil {
		return err
	}
	return Status(what, arg.Status)
}
