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

// ending is parts of a mapping that an element of a list ends, none if it ends nothing.
// The mapping is taken until all CPUs have forgotten what they knew of it.
type ending struct {
	handle hypercall.GrantHandle
	ended  grant.Parts
	m      grant.Mapping
}

// unmapping is the work on a stretch of a list.
type unmapping struct {
	begun bool
	flush bool            // some page-table entry has changed
	c     mm.Call         // for all of them
	r     pagetype.Result // of the last one's page-table entry
	n     int             // so many mappings have begun to end
	ends  [grantStretch]ending
}

// unmapGrant is an element of GNTTABOP_unmap_grant_ref.
func unmapGrant(v *domain.VCPU, op *hypercall.GnttabUnmapGrantRef) (again bool) {
	op.Status = room(v).unmapping.end(v, op.Handle, op.HostAddr, op.DevBusAddr, 0)
	return op.Status == makeAgain
}

// replaceGrant is an element of GNTTABOP_unmap_and_replace.
func replaceGrant(v *domain.VCPU, op *hypercall.GnttabUnmapAndReplace) (again bool) {
	op.Status = room(v).unmapping.end(v, op.Handle, op.HostAddr, 0, frame.VAddr(op.NewAddr))
	return op.Status == makeAgain
}

// end begins to end those parts of a mapping whose addresses are given, with all but what
// has to wait for the flush.
//
// GNTST_bad_handle: there is no such mapping. GNTST_bad_dev_addr: it is of another frame.
// GNTST_general_error: it is not at this address, or no longer so; or what is to replace it can't.
func (x *unmapping) end(v *domain.VCPU, handle hypercall.GrantHandle, host, bus uint64, from frame.VAddr) hypercall.GrantStatus {
	e, d := &x.ends[x.n&(grantStretch-1)], v.Domain
	m := &e.m
	switch d.Mappings.Take(handle, m) {
	case grant.NoSuch:
		return hypercall.GNTST_bad_handle
	case grant.Busy:
		return makeAgain
	}
	if !x.begun {
		x.begun = true
		machine.Begin(v.Holder(), d, &x.c)
	}
	ended := grant.Parts(0)
	x.r = pagetype.OK
	switch {
	case bus != 0 && bus != uint64(m.Frame().Addr()):
		d.Mappings.Leave(v.Holder(), handle, 0)
		return hypercall.GNTST_bad_dev_addr
	case from != 0 && m.Entry():
		x.r = pagetype.BadValue
	case host != 0 && m.Parts()&grant.Host != 0:
		x.r = d.Memory.UnmapGrant(&x.c, place(v, host, m), m.Frame(), m.Write(), from)
		ended, x.flush = grant.Host, true
	}
	if x.r != pagetype.OK {
		d.Mappings.Leave(v.Holder(), handle, 0)
		if x.r == pagetype.Again || x.r == pagetype.FlushFirst {
			return makeAgain
		}
		return hypercall.GNTST_general_error
	}
	if bus != 0 {
		ended |= m.Parts() & grant.Device
	}
	e.handle, e.ended = handle, ended
	x.n++
	return hypercall.GNTST_okay
}

// finishUnmap ends what the elements have begun to, with one flush for all of them.
func finishUnmap(v *domain.VCPU) {
	x, h, d := &room(v).unmapping, v.Holder(), v.Domain
	if !x.begun {
		return // no handle was one
	}
	if x.flush {
		flush(v, 1<<len(d.VCPUs())-1)
	}
	for i := range x.ends[:x.n] {
		e := &x.ends[i]
		if e.ended != 0 {
			machine.EndGrant(h, &x.c, &e.m, e.ended)
		}
		d.Mappings.Leave(h, e.handle, e.ended)
	}
	machine.Settle(h, d, &x.c, x.r)
	x.begun, x.flush, x.n = false, false, 0
}
