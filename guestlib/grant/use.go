package grant

import (
	"tuco/guestlib/hyper"
	"tuco/guestlib/page"
	"tuco/hypercall"
)

// A Mapping is pages that another domain grants, mapped here one after the other.
type Mapping struct {
	room    *page.Room
	handles []hypercall.GrantHandle
}

// Map maps a page that a domain grants. The errors: EINVAL: there is no such
// entry; ESRCH: no such domain; EIO: it grants nothing, or not to this domain, or not for writing.
func Map(from hypercall.DomID, ref Ref, writable bool) (*Mapping, error) {
	return MapAll(from, []Ref{ref}, writable)
}

// MapAll maps pages that a domain grants, all or none, by one hypercall. The errors are Map's.
func MapAll(from hypercall.DomID, refs []Ref, writable bool) (*Mapping, error) {
	room, err := page.Reserve(len(refs))
	if err != nil {
		return nil, err
	}
	m := &Mapping{room: room}
	if err := m.connect(from, refs, writable); err != nil {
		if m.disconnect() == nil { // else something is still there, and the room can't be used again
			for i := range refs {
				room.Unmap(i) // what Prepare has left there
			}
			room.Free()
		}
		return nil, err
	}
	return m, nil
}

func (m *Mapping) connect(from hypercall.DomID, refs []Ref, writable bool) error {
	const what = "map a grant"
	args := make([]hypercall.GnttabMapGrantRef, len(refs))
	for i, ref := range refs {
		if err := m.room.Prepare(i); err != nil {
			return err
		}
		args[i] = hypercall.GnttabMapGrantRef{
			HostAddr: m.room.Address(i), Flags: hypercall.GNTMAP_host_map, Ref: ref, Dom: from, Status: hypercall.GNTST_general_error,
		}
		if !writable {
			args[i].Flags |= hypercall.GNTMAP_readonly
		}
	}
	m.handles = make([]hypercall.GrantHandle, len(refs))
	for i := range m.handles {
		m.handles[i] = noHandle
	}
	err := hyper.OpAll(what, hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_map_grant_ref, args)
	for i, arg := range args {
		if status := Status(what, arg.Status); status == nil {
			m.handles[i] = arg.Handle
		} else if err == nil {
			err = status
		}
	}
	return err
}

// noHandle is of a page that is not mapped.
const noHandle = ^hypercall.GrantHandle(0)

// Bytes is the pages, which the other domain can change at any time.
func (m *Mapping) Bytes() []byte { return m.room.Bytes(0, len(m.handles)) }

// Close unmaps the pages. Nobody may look at them any more.
func (m *Mapping) Close() error {
	if err := m.disconnect(); err != nil {
		return err // a page is still there: the room can't be used again
	}
	return m.room.Free()
}

// disconnect unmaps what is mapped.
func (m *Mapping) disconnect() error {
	const what = "unmap a grant"
	var args []hypercall.GnttabUnmapGrantRef
	for i, handle := range m.handles {
		if handle != noHandle {
			args = append(args, hypercall.GnttabUnmapGrantRef{HostAddr: m.room.Address(i), Handle: handle})
		}
	}
	if len(args) == 0 {
		return nil
	}
	err := hyper.OpAll(what, hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_unmap_grant_ref, args)
	for _, arg := range args {
		if err == nil {
			err = Status(what, arg.Status)
		}
	}
	return err
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

// A Transfer is a copy of bytes, which lie in one page on either side.
type Transfer struct {
	To, From Place
	Size     int
	Err      error // what came of it: as Map's, and EINVAL where it goes beyond a page
}

// Copy has the hypervisor copy bytes. The errors are a Transfer's.
func Copy(to, from Place, size int) error {
	t := []Transfer{{To: to, From: from, Size: size}}
	CopyAll(t)
	return t[0].Err
}

// CopyAll has the hypervisor do several copies, by one hypercall.
func CopyAll(transfers []Transfer) {
	if len(transfers) == 0 {
		return
	}
	const what = "copy by a grant"
	args := make([]hypercall.GnttabCopy, len(transfers))
	for i := range transfers {
		t := &transfers[i]
		args[i] = hypercall.GnttabCopy{Source: t.From.pointer(), Dest: t.To.pointer(), Len: uint16(min(t.Size, page.Size+1))}
		if !t.From.Own {
			args[i].Flags |= hypercall.GNTCOPY_source_gref
		}
		if !t.To.Own {
			args[i].Flags |= hypercall.GNTCOPY_dest_gref
		}
	}
	err := hyper.OpAll(what, hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_copy, args)
	for i := range transfers {
		if transfers[i].Err = err; err == nil {
			transfers[i].Err = Status(what, args[i].Status)
		}
	}
}
