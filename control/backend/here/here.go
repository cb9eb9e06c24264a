// Package here is the domain that the program runs in, as back ends need it: what others grant to it, and their event channels.
package here

import (
	"tuco/control/backend"
	"tuco/guestlib/evtchn"
	"tuco/guestlib/frontend"
	"tuco/guestlib/grant"
	"tuco/guestlib/page"
	"tuco/hypercall"
)

// Machine implements backend.Machine. Whatever it is asked for fails with ENOSYS where the program is no guest.
type Machine struct{}

// Map implements backend.Machine.
func (Machine) Map(from hypercall.DomID, refs []hypercall.GrantRef, write bool) (backend.Mapping, error) {
	m, err := grant.MapAll(from, refs, write)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Bind implements backend.Machine. The hypervisor has the new port pending.
func (Machine) Bind(to hypercall.DomID, port hypercall.Port) (frontend.Channel, error) {
	c, err := evtchn.BindInterdomain(to, port)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Copy implements backend.Machine.
func (Machine) Copy(with hypercall.DomID, copies []backend.Copy) {
	transfers, parts := split(with, copies, page.FrameOf)
	if len(transfers) > 0 {
		grant.CopyAll(transfers)
	}
	for i := range copies {
		copies[i].Err = nil
		for _, t := range transfers[parts[i]:parts[i+1]] {
			if t.Err != nil {
				copies[i].Err = t.Err
			}
		}
	}
}

// split makes of each copy one for each page of this domain's that it touches: parts[i] is where those of copy i begin.
func split(with hypercall.DomID, copies []backend.Copy, frame func(*byte) hypercall.XenPFN) (transfers []grant.Transfer, parts []int) {
	transfers = make([]grant.Transfer, 0, 2*len(copies))
	parts = make([]int, 0, len(copies)+1)
	for _, c := range copies {
		parts = append(parts, len(transfers))
		offset := c.Offset
		for local := c.Local; len(local) > 0; {
			at := page.Offset(&local[0])
			n := min(len(local), page.Size-at)
			theirs := grant.Place{Domain: with, Ref: c.Ref, Offset: uint16(offset)}
			ours := grant.Place{Own: true, Frame: frame(&local[0]), Offset: uint16(at)}
			t := grant.Transfer{To: ours, From: theirs, Size: n}
			if c.Out {
				t.To, t.From = theirs, ours
			}
			transfers = append(transfers, t)
			offset, local = offset+n, local[n:]
		}
	}
	return transfers, append(parts, len(transfers))
}
