package main

import (
	"tuco/guestlib/grant"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/page"
	"tuco/guestlib/probe"
	"tuco/hypercall"
)

// self is the domain's own number, which is domain 0's: grants name no other way whose they are.
const self hypercall.DomID = 0

// What the operations work on.
var (
	mapping   hypercall.GnttabMapGrantRef
	unmapping hypercall.GnttabUnmapGrantRef
	copying   hypercall.GnttabCopy
)

// grants is pages that the domain grants to itself.
func grants() ([]row, error) {
	table, err := grant.Open()
	if err != nil {
		return nil, err
	}
	at, err := page.Alloc(2)
	if err != nil {
		return nil, err
	}
	ref, err := table.Grant(self, at.Frame(0), true)
	if err != nil {
		return nil, err
	}
	room, err := page.Reserve(1)
	if err != nil {
		return nil, err
	}
	if err := room.Prepare(0); err != nil {
		return nil, err
	}
	maps := newCall(hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_map_grant_ref, hypercalls.Address(&mapping), 1)
	unmaps := newCall(hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_unmap_grant_ref, hypercalls.Address(&unmapping), 1)
	copies := newCall(hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_copy, hypercalls.Address(&copying), 1)
	doMap := func() probe.Reading {
		mapping = hypercall.GnttabMapGrantRef{HostAddr: room.Address(0), Flags: hypercall.GNTMAP_host_map, Ref: ref, Dom: self}
		return granted(probe.Time(maps), &mapping.Status)
	}
	doUnmap := func() probe.Reading {
		unmapping = hypercall.GnttabUnmapGrantRef{HostAddr: room.Address(0), Handle: mapping.Handle}
		return granted(probe.Time(unmaps), &unmapping.Status)
	}
	doCopy := func(size uint16) func() probe.Reading {
		return func() probe.Reading {
			copying = hypercall.GnttabCopy{Source: hypercall.GnttabCopyPtr{U: uint64(ref), DomID: self},
				Dest: hypercall.GnttabCopyPtr{U: uint64(at.Frame(1)), DomID: hypercall.DOMID_SELF}, Len: size, Flags: hypercall.GNTCOPY_source_gref}
			return granted(probe.Time(copies), &copying.Status)
		}
	}
	return []row{
		probed("grant map own page", 1, nil, func() probe.Reading { r := doMap(); doUnmap(); return r }),
		probed("grant unmap own page", 1, func() { doMap() }, doUnmap),
		probed("grant copy 4096 B (ref->own gmfn)", 1, nil, doCopy(page.Size)),
		probed("grant copy 64 B", 1, nil, doCopy(64)),
	}, nil
}

// granted checks how an operation fared, beside the hypercall.
func granted(r probe.Reading, status *hypercall.GrantStatus) probe.Reading {
	if hypercall.Failed(r.Result) == 0 && *status != hypercall.GNTST_okay {
		check(hypercall.EINVAL)
	}
	return r
}
