package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/grant"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
)

// noHandle is the handle of a mapping that was refused.
const noHandle = ^hypercall.GrantHandle(0)

// mapGrant is an element of GNTTABOP_map_grant_ref.
//
// GNTST_bad_gntref: it is to be mapped for neither CPUs nor devices; and the errors of
// grant.Table.Pin. GNTST_bad_domain. GNTST_no_space: no handle is left. GNTST_general_error:
// the place is none, or the frame is in use as a page table and can't be written to.
func mapGrant(v *domain.VCPU, op *hypercall.GnttabMapGrantRef) (again bool) {
	op.Handle, op.DevBusAddr = noHandle, 0
	if grant.Parts(op.Flags)&(grant.Host|grant.Device) == 0 {
		op.Status = hypercall.GNTST_bad_gntref
		return false
	}
	from := machine.Find(domain.ID(op.Dom))
	if from == nil {
		op.Status = hypercall.GNTST_bad_domain
		return false
	}
	h, d := v.Holder(), v.Domain
	handle, ok := d.Mappings.New(h)
	for !ok {
		if !machine.GrowMappings(h, d) {
			op.Status = hypercall.GNTST_no_space
			return false
		}
		handle, ok = d.Mappings.New(h)
	}
	var c mm.Call
	c.Begin(h, &d.Memory, pagetype.Owner(from.ID), machine.Budget)
	write := op.Flags&hypercall.GNTMAP_readonly == 0
	f, s := from.Grants.Pin(h, &c.Work, op.Ref, d.DomID(), write)
	r := pagetype.OK
	if s == hypercall.GNTST_okay {
		m := grant.MakeMapping(op.Dom, op.Ref, f, op.Flags)
		if r = mapParts(v, &c, &m, op); r == pagetype.OK {
			d.Mappings.Set(handle, &m)
			op.Handle, op.DevBusAddr = handle, uint64(f.Addr())
		} else {
			from.Grants.Unpin(h, &c.Work, op.Ref, write)
			s = hypercall.GNTST_general_error
		}
	}
	if op.Status = s; s != hypercall.GNTST_okay {
		d.Mappings.Drop(h, handle)
	}
	return machine.Settle(h, d, &c, r)
}

// mapParts makes the parts of a mapping, all or none.
func mapParts(v *domain.VCPU, c *mm.Call, m *grant.Mapping, op *hypercall.GnttabMapGrantRef) pagetype.Result {
	device := m.Parts()&grant.Device != 0 && m.Write()
	if device {
		// What devices reach is not of the page tables.
		if r := c.GetWritable(m.Frame(), pagetype.Owner(m.Dom())); r != pagetype.OK {
			return r
		}
	}
	if m.Parts()&grant.Host == 0 {
		return pagetype.OK
	}
	r := v.Domain.Memory.MapGrant(c, place(v, op.HostAddr, m), grantEntry(m.Frame(), op.Flags))
	if r != pagetype.OK && device {
		c.PutWritable(m.Frame())
	}
	return r
}

// place is where a grant is mapped.
func place(v *domain.VCPU, host uint64, m *grant.Mapping) mm.Place {
	return mm.Place{Address: host, Entry: m.Entry(), VCPU: int(v.ID)}
}

// The bits of a page-table entry which are free for software, and where flags have them.
const (
	availShift = 9
	availMask  = 7
	flagsShift = 16
)

// grantEntry is the page-table entry that maps a frame as flags (GNTMAP_*) say. Whether
// they ask for it or not, user mode reaches the page if it is in its tables.
func grantEntry(m frame.MFN, flags uint32) pagetype.PTE {
	e := pagetype.Present | pagetype.User | pagetype.Accessed | pagetype.Dirty | pagetype.NoExecute
	if flags&hypercall.GNTMAP_readonly == 0 {
		e |= pagetype.RW
	}
	return pagetype.MakePTE(m, e|pagetype.PTE(flags>>flagsShift&availMask)<<availShift)
}
