package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// References of side 0's grants to side 1.
const (
	toWrite = 8 + iota
	toRead
	toNobody
	kept // which side 1 never gives back
	restless
)

const (
	okay    = hypercall.GNTST_okay
	general = hypercall.GNTST_general_error
	hostMap = hypercall.GNTMAP_host_map
)

// granter is side 0's.
var granter struct {
	table *[512]pv.Grant
	pages [2]uint64
}

// window is where side 1 maps what it is granted.
var window pv.Space

const windowSlot = 302

// mapGrant maps a grant as page i of the window.
func mapGrant(i uint64, ref hypercall.GrantRef, flags uint32) hypercall.GnttabMapGrantRef {
	return pv.MapGrant(hypercall.GnttabMapGrantRef{HostAddr: window.Page(i), Flags: hostMap | flags, Ref: ref, Dom: peer})
}

func unmapGrant(op *hypercall.GnttabMapGrantRef) hypercall.GrantStatus {
	return pv.UnmapGrant(hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr, Handle: op.Handle})
}

// grants has side 1 use side 0's pages, as it may and as it may not.
func grants(t *pv.T) {
	if side0() {
		granterOf(t)
	} else {
		window.Install(windowSlot)
		userOf(t)
	}
	meet()
}

func granterOf(t *pv.T) {
	granter.table = pv.Grants()
	for i := range granter.pages {
		granter.pages[i] = pv.AllocPage()
	}
	a, b := granter.pages[0], granter.pages[1]
	first, second := pv.At[uint64](a), pv.At[uint64](b)
	*first, *second = 1, 2
	granter.table[toWrite].Set(peer, pv.MFN(a), 0)
	granter.table[toRead].Set(peer, pv.MFN(b), hypercall.GTF_readonly)
	granter.table[toNobody].Set(nobody, pv.MFN(b), 0)
	meet()
	meet() // side 1 has mapped them
	t.Equal("what side 1 has written", *first, 11)
	t.Equal("marks", granter.table[toWrite].Marks(), hypercall.GTF_reading|hypercall.GTF_writing)
	t.Equal("marks", granter.table[toRead].Marks(), hypercall.GTF_reading)
	t.Check(!granter.table[toWrite].End() && !granter.table[toRead].End(), "a grant in use was ended")
	pv.Protect(a)
	t.Errno("pin what the other can write to", pv.TryPin(a, 1), hypercall.EINVAL)
	pv.Unprotect(a)
	*first, *second = 3, 4
	meet()
	meet() // and unmapped
	t.Equal("what side 1 has written", *first, 13)
	t.Equal("marks", granter.table[toWrite].Marks()|granter.table[toRead].Marks(), 0)
	*first = 0
	pv.Protect(a)
	t.OK("pin what the other could write to", pv.TryPin(a, 1))
	meet()
	meet() // side 1 has tried to map a table
	t.OK("unpin", pv.TryUnpin(a))
	pv.Unprotect(a)
	t.Check(granter.table[toWrite].End() && granter.table[toRead].End() && granter.table[toNobody].End(), "a grant can't be ended")
	meet()
}

func userOf(t *pv.T) {
	meet()
	m, r := mapGrant(0, toWrite, 0), mapGrant(1, toRead, hypercall.GNTMAP_readonly)
	t.Status("map", m.Status, okay)
	t.Status("map to read", r.Status, okay)
	first, second := pv.At[uint64](m.HostAddr), pv.At[uint64](r.HostAddr)
	t.Equal("what side 0 has written", *first, 1)
	t.Equal("what side 0 has written", *second, 2)
	*first += 10
	const writePresent = 3
	t.Trapped("write to what may be read", pv.Catch(func() { *second = 9 }), pv.PF, writePresent)
	t.Status("map to write what may be read", mapGrant(2, toRead, 0).Status, general)
	t.Status("map what is granted to another", mapGrant(2, toNobody, 0).Status, general)
	frame := m.DevBusAddr / pv.PageSize
	t.Errno("map the frame once more", window.Set(3, pv.FrameEntry(frame, pv.RO)), hypercall.EBUSY)
	t.Errno("map the other to write", window.Set(1, pv.FrameEntry(r.DevBusAddr/pv.PageSize, pv.RW)), hypercall.EBUSY)
	t.Check(pv.UpdateVAMapping(r.HostAddr, pv.FrameEntry(r.DevBusAddr/pv.PageSize, pv.RW), 0) != 0, "the other may be written to")
	meet()
	meet() // side 0 has looked, and written
	t.Equal("what side 0 has written", *first, 3)
	t.Equal("what side 0 has written", *second, 4)
	*first += 10
	t.Status("unmap", unmapGrant(&m), okay)
	t.Status("unmap", unmapGrant(&r), okay)
	t.Trapped("read what was unmapped", pv.Catch(func() { _ = *first }), pv.PF, 0)
	meet()
	meet() // it is a page table now
	t.Check(mapGrant(0, toWrite, 0).Status != okay, "a table of the other's can be written to")
	own := pv.AllocPage()
	t.Check(pv.CopyGrant(hypercall.GnttabCopy{
		Source: pv.Within(own, 0), Dest: pv.Granted(peer, toWrite, 0), Len: 8, Flags: hypercall.GNTCOPY_dest_gref,
	}) != okay, "a table of the other's can be copied to")
	pv.FreePage(own)
	meet()
	meet() // and granted no more
	t.Status("map what is granted no more", mapGrant(0, toWrite, 0).Status, general)
}

const copies = 100

// exchange passes a number to and fro by copies, each of which adds to it.
func exchange(t *pv.T) {
	page := pv.AllocPage()
	if side0() {
		page = granter.pages[0]
		*pv.At[uint64](page) = 0
		granter.table[toWrite].Set(peer, pv.MFN(page), 0)
	}
	number := pv.At[uint64](page)
	meet()
	for n := range uint64(copies) {
		if !side0() {
			theirs, mine := pv.Granted(peer, toWrite, 0), pv.Within(page, 0)
			t.Status("copy", pv.CopyGrant(hypercall.GnttabCopy{Source: theirs, Dest: mine, Len: 8, Flags: hypercall.GNTCOPY_source_gref}), okay)
			t.Equal("the number", *number, 2*n)
			*number++
			t.Status("copy back", pv.CopyGrant(hypercall.GnttabCopy{Source: mine, Dest: theirs, Len: 8, Flags: hypercall.GNTCOPY_dest_gref}), okay)
		}
		meet()
		if side0() {
			t.Equal("the number", *number, 2*n+1)
			*number++
		}
		meet()
	}
	if side0() {
		t.Check(granter.table[toWrite].End(), "a grant can't be ended after copies")
	} else {
		pv.FreePage(page)
	}
	meet()
}

const turns = 1500

// restlessGranter has side 0 do what it likes to an entry, and to the frames that it names, while side 1 maps and copies.
func restlessGranter(t *pv.T) {
	meet()
	seed := uint64(pv.Now() | 1)
	random := func(n uint64) uint64 {
		seed = seed*6364136223846793005 + 1442695040888963407
		return seed >> 33 % n
	}
	if side0() {
		e := &granter.table[restless]
		for range turns {
			page := granter.pages[random(2)]
			switch random(4) {
			case 0:
				e.Set(peer, pv.MFN(page), 0)
			case 1:
				// To be read at the most: it may be any frame of its own.
				e.Write(hypercall.DomID(random(4)), random(1<<20), uint32(random(1<<16))|hypercall.GTF_readonly)
			case 2:
				pv.Protect(page)
				if pv.TryPin(page, 1) == 0 {
					pv.Need("unpin", pv.TryUnpin(page))
				}
				pv.Unprotect(page)
			case 3:
				if e.End() {
					e.Set(peer, pv.MFN(page), hypercall.GTF_readonly)
				}
			}
		}
		e.Set(peer, pv.MFN(granter.pages[0]), 0) // which side 1 can map, if it was not its turn before
		meet()
		meet()
		e.Write(0, 0, 0)
		return
	}
	own := pv.AllocPage()
	mapped := 0
	// Where the sides share a processor, one may have all its turns before the other's first.
	until := pv.Now() + patience/2
	for i := uint64(0); i < turns || mapped == 0 && pv.Now() < until; i++ {
		if i >= turns {
			pv.SchedOp[byte](hypercall.SCHEDOP_yield, nil)
		}
		flags := uint32(random(2)) * hypercall.GNTMAP_readonly
		if m := mapGrant(i%16, restless, flags); m.Status == okay {
			mapped++
			there := pv.At[uint64](m.HostAddr)
			if *there != 0 && flags == 0 {
				*there = 0 // or a table of the granter's would not be one
			}
			t.Status("unmap", unmapGrant(&m), okay)
		} else if !t.Check(m.Status < 0, "a status is positive") {
			break
		}
		pv.CopyGrant(hypercall.GnttabCopy{Source: pv.Granted(peer, restless, 0), Dest: pv.Within(own, 0), Len: 64, Flags: hypercall.GNTCOPY_source_gref})
	}
	pv.FreePage(own)
	meet()
	t.Check(mapped > 0, "nothing could be mapped")
	meet()
}

// stubbornUser has side 1 take its page tables away under what it has mapped: that can't be unmapped any more, the granter can
// use its page for anything but can't end the grant. Test gone has the rest.
func stubbornUser(t *pv.T) {
	page := granter.pages[0]
	if side0() {
		*pv.At[uint64](page) = 0
		granter.table[kept].Set(peer, pv.MFN(page), 0)
	}
	meet()
	if !side0() {
		m := mapGrant(0, kept, 0)
		t.Status("map", m.Status, okay)
		other := mapGrant(1, kept, 0)
		t.Status("map", other.Status, okay)
		pv.Need("overwrite", window.Set(0, 0))
		t.Status("unmap", unmapGrant(&m), general)
		window.Remove()
		t.Status("unmap where no table is", unmapGrant(&other), general)
	}
	meet()
	if side0() {
		t.Check(!granter.table[kept].End(), "a grant in use was ended")
		pv.Protect(page)
		t.OK("pin what nobody maps", pv.TryPin(page, 1))
		t.OK("unpin", pv.TryUnpin(page))
		pv.Unprotect(page)
	}
	meet()
}

// requireReturned requires what the other side had never given back to be there, since it has ended.
func requireReturned(t *pv.T) {
	e := &granter.table[kept]
	for until := pv.Now() + patience; e.Marks() != 0 && pv.Now() < until; pv.Sleep(pv.Now() + pv.Millisecond) {
	}
	t.Check(e.End(), "a grant to a domain that is gone can't be ended")
	t.Status("map a grant of nobody's", pv.MapGrant(hypercall.GnttabMapGrantRef{HostAddr: pv.VirtBase, Flags: hostMap, Dom: peer}).Status, hypercall.GNTST_bad_domain)
}
