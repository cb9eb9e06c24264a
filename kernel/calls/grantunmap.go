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
	v     *domain.VCPU
	c     mm.Call
	ends  *[grantStretch]ending
	flush bool // some page-table entry has changed
}

func (x *unmapping) begin(v *domain.VCPU) {
	x.v, x.ends = v, &room(v).ends
	machine.Begin(v.Holder(), v.Domain, &x.c)
}

// unmapGrants is GNTTABOP_unmap_grant_ref for some elements.
func unmapGrants(v *domain.VCPU, list []hypercall.GnttabUnmapGrantRef) int {
	var x unmapping
	x.begin(v)
	for i := range list {
		op := &list[i]
		r := x.end(i, op.Handle, op.HostAddr, op.DevBusAddr, 0, &op.Status)
		if r != pagetype.OK {
			return x.finish(i, r)
		}
	}
	return x.finish(len(list), pagetype.OK)
}

// replaceGrants is GNTTABOP_unmap_and_replace for some elements.
func replaceGrants(v *domain.VCPU, list []hypercall.GnttabUnmapAndReplace) int {
	var x unmapping
	x.begin(v)
	for i := range list {
		op := &list[i]
		r := x.end(i, op.Handle, op.HostAddr, 0, frame.VAddr(op.NewAddr), &op.Status)
		if r != pagetype.OK {
			return x.finish(i, r)
		}
	}
	return x.finish(len(list), pagetype.OK)
}

// end begins to end a mapping for element i: all but what has to wait for the flush. The
// result is not OK only if the element is to be made again.
//
// GNTST_bad_handle: there is no such mapping. GNTST_general_error: it is not at this address or
// of this frame, or no longer so; or what is to replace it can't.
func (x *unmapping) end(i int, handle hypercall.GrantHandle, host, bus uint64, from frame.VAddr, s *hypercall.GrantStatus) pagetype.Result {
	e, d := &x.ends[i], x.v.Domain
	e.handle, e.ended = handle, 0
	var ok bool
	if e.m, ok = d.Mappings.Take(handle); !ok {
		*s = hypercall.GNTST_bad_handle
		return pagetype.OK
	}
	r := x.parts(e, host, bus, from)
	if e.ended == 0 {
		d.Mappings.Leave(x.v.Holder(), handle, 0)
	}
	switch r {
	case pagetype.OK:
		*s = hypercall.GNTST_okay
		return r
	case pagetype.Again, pagetype.FlushFirst:
		return r
	}
	*s = hypercall.GNTST_general_error
	return pagetype.OK
}

// parts ends those parts of a mapping whose addresses are given.
func (x *unmapping) parts(e *ending, host, bus uint64, from frame.VAddr) pagetype.Result {
	m, d := &e.m, x.v.Domain
	if bus != 0 && bus != uint64(m.Frame.Addr()) || from != 0 && m.Entry {
		return pagetype.BadValue
	}
	if host != 0 && m.Parts&grant.Host != 0 {
		var r pagetype.Result
		if from != 0 {
			r = d.Memory.MoveToGrant(&x.c, place(x.v, host, m), m.Frame, m.Write, from)
		} else {
			r = d.Memory.UnmapGrant(&x.c, place(x.v, host, m), m.Frame, m.Write)
		}
		if r != pagetype.OK {
			return r
		}
		e.ended, x.flush = grant.Host, true
	}
	if bus != 0 {
		e.ended |= m.Parts & grant.Device
	}
	return pagetype.OK
}

// finish ends what the first n elements have begun to, with one flush for all of them. R
// says what the next one, if there is one, waits for.
func (x *unmapping) finish(n int, r pagetype.Result) int {
	h, d := x.v.Holder(), x.v.Domain
	if x.flush {
		flush(x.v, 1<<len(d.VCPUs())-1)
	}
	for i := range n {
		if e := &x.ends[i]; e.ended != 0 {
			machine.EndGrant(h, &x.c, &e.m, e.ended)
			d.Mappings.Leave(h, e.handle, e.ended)
		}
	}
	machine.Settle(h, d, &x.c, r)
	return n
}
