package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// lent is the reference of the page that lend grants.
const lent = 8

// lend grants a marked page to a domain, and ends when that has mapped it.
func lend(to hypercall.DomID) {
	page := pv.AllocPage()
	*pv.At[uint64](page) = mark
	grant := &pv.Grants()[lent]
	grant.Set(to, pv.MFN(page), 0)
	for grant.Marks()&hypercall.GTF_writing == 0 {
		pv.Sleep(pv.Now() + pv.Millisecond)
	}
}

// borrow maps the page that domain d lends, for CPUs and for devices, and uses it after that domain's end. Then it ends
// without having let go of all.
func borrow(d hypercall.DomID) {
	var s pv.Space
	s.Install(300)
	arg := hypercall.GnttabMapGrantRef{HostAddr: s.Page(0), Flags: hypercall.GNTMAP_host_map, Ref: lent, Dom: d}
	first := pv.MapGrant(arg)
	for first.Status != hypercall.GNTST_okay {
		pv.Sleep(pv.Now() + pv.Millisecond)
		first = pv.MapGrant(arg)
	}
	checkMark(first.HostAddr)
	arg.HostAddr = s.Page(1)
	var more [3]hypercall.GnttabMapGrantRef
	for i := range more {
		arg.Flags = hypercall.GNTMAP_host_map | hypercall.GNTMAP_device_map
		arg.HostAddr = s.Page(1 + uint64(i))
		more[i] = pv.MapGrant(arg)
	}
	for pv.MapGrant(arg).Status != hypercall.GNTST_bad_domain { // the same place again, or refused
		pv.Sleep(pv.Now() + pv.Millisecond)
	}
	pv.Sleep(pv.Now() + 500*pv.Millisecond)
	*pv.At[uint64](first.HostAddr + 8) = mark
	checkMark(first.HostAddr + 8)
	checkMark(first.HostAddr)
	if pv.UnmapGrant(hypercall.GnttabUnmapGrantRef{HostAddr: first.HostAddr, Handle: first.Handle}) != hypercall.GNTST_okay {
		panic("a grant can't be unmapped after its granter's end")
	}
	pv.Need("overwrite", s.Set(1, 0))
	pv.Print("borrower: domain %d can't be found, and its page was still there", uint64(d))
}

// takeMappings maps grants of the domain to itself, in all ways, and lets go of none of them.
func takeMappings() {
	const n = 300 // more than a page of handles
	self, table := pv.DomainID(), pv.Grants()
	var s pv.Space
	s.Install(303)
	for i := range uint64(n) {
		table[lent+i%8].Set(self, pv.SpareFrame(100+i%8), 0)
	}
	for i := range uint64(n) {
		flags := [...]uint32{
			hypercall.GNTMAP_host_map, hypercall.GNTMAP_device_map, hypercall.GNTMAP_host_map | hypercall.GNTMAP_device_map,
			hypercall.GNTMAP_host_map | hypercall.GNTMAP_readonly,
		}[i%4]
		op := pv.MapGrant(hypercall.GnttabMapGrantRef{HostAddr: s.Page(i), Flags: flags, Ref: hypercall.GrantRef(lent + i%8), Dom: self})
		if op.Status != hypercall.GNTST_okay {
			panic("a grant can't be mapped")
		}
	}
	for i := range uint64(n / 3) {
		pv.Need("overwrite", s.Set(3*i, 0))
	}
}
