package memory

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// decreasePopulate gives frames back and gets others for their pages.
func decreasePopulate(t *pv.T) {
	var s pv.Space
	s.Install(slot)
	before := reserved()
	for _, n := range [...]uint64{1, 2, 31, 100, 512} {
		old := pv.SpareFrame(0)
		t.Equal("given back", reservation(hypercall.XENMEM_decrease_reservation, spares(n), 0), n)
		t.Equal("pages left", reserved(), before-n)
		requireOwn(t, "a frame that was given back, mapped", &s, old, false)
		for i := range n {
			list[i] = hypercall.XenPFN(pv.SparePFN(i))
		}
		t.Equal("populated", reservation(hypercall.XENMEM_populate_physmap, list[:n], 0), n)
		t.Equal("pages again", reserved(), before)
		for i := range n {
			mfn := uint64(list[i])
			*pv.P2M(pv.SparePFN(i)) = mfn
			if !t.Equal("page of its frame", pv.M2P(mfn), pv.SparePFN(i)) {
				break
			}
		}
		requireOwn(t, "a frame that was populated, mapped", &s, pv.SpareFrame(n-1), true)
	}
	s.Remove()
}

// decreaseMapped gives a frame back that is mapped: it stays there until it is mapped no more.
func decreaseMapped(t *pv.T) {
	var s pv.Space
	s.Install(slot)
	before := reserved()
	frame := pv.SpareFrame(0)
	pv.Need("map", s.Set(0, pv.FrameEntry(frame, pv.RW)))
	word := pv.At[uint64](s.Page(0))
	*word = 0x1234
	t.Equal("given back", reservation(hypercall.XENMEM_decrease_reservation, spares(1), 0), 1)
	t.Equal("what it held", *word, 0x1234)
	*word = 0x4321
	t.OK("unmap", s.Set(0, 0))
	t.Equal("pages left", reserved(), before-1)
	requireOwn(t, "a frame that was given back, mapped", &s, frame, false)
	takeAgain(1)
	t.Equal("pages again", reserved(), before)
	s.Remove()
}

// increase gets frames with no page for them.
func increase(t *pv.T) {
	var s pv.Space
	s.Install(slot)
	before := reserved()
	const n = 5
	giveBack(n)
	t.Equal("got", reservation(hypercall.XENMEM_increase_reservation, list[:n], 0), n)
	t.Equal("pages again", reserved(), before)
	for i := range uint64(n) {
		requireOwn(t, "a frame that was got, mapped", &s, uint64(list[i]), true)
		*pv.P2M(pv.SparePFN(i)) = uint64(list[i])
		pv.Need("machphys", pv.MMUUpdate(uint64(list[i])*pv.PageSize|hypercall.MMU_MACHPHYS_UPDATE, pv.SparePFN(i)))
	}
	t.Equal("nothing asked for", reservation(hypercall.XENMEM_increase_reservation, nil, 0), 0)
	s.Remove()
}

// largeExtents has 2 MiB in one extent.
func largeExtents(t *pv.T) {
	const order, n = 9, 1 << 9
	before := reserved()
	giveBack(n)
	list[0] = hypercall.XenPFN(pv.SparePFN(0))
	got := reservation(hypercall.XENMEM_populate_physmap, list[:1], order)
	if !t.Equal("populated", got, 1) {
		takeAgain(n)
		return
	}
	first := uint64(list[0])
	t.Equal("alignment of the first frame", first%n, 0)
	for i := range uint64(n) {
		*pv.P2M(pv.SparePFN(i)) = first + i
		if !t.Equal("page of a frame", pv.M2P(first+i), pv.SparePFN(i)) {
			break
		}
	}
	t.Equal("pages", reserved(), before)
	t.Equal("given back", reservation(hypercall.XENMEM_decrease_reservation, list[:1], order), 1)
	t.Equal("pages left", reserved(), before-n)
	takeAgain(n)
	for _, order := range [...]uint32{30, 63, 1<<32 - 1} {
		list[0] = hypercall.XenPFN(pv.SpareFrame(0))
		t.Equal("far too much given back", reservation(hypercall.XENMEM_decrease_reservation, list[:1], order), 0)
		t.Equal("far too much populated", reservation(hypercall.XENMEM_populate_physmap, list[:1], order), 0)
		t.Equal("far too much got", reservation(hypercall.XENMEM_increase_reservation, list[:1], order), 0)
	}
	t.Equal("pages", reserved(), before)
}

// partial has an extent in the midst that can't be done: the result says how many were.
func partial(t *pv.T) {
	before := reserved()
	for _, wrong := range [...]uint64{1 << 38, ^uint64(0)} {
		const n, at = 8, 5
		spares(n)
		list[at] = hypercall.XenPFN(wrong)
		t.Equal("given back", reservation(hypercall.XENMEM_decrease_reservation, list[:n], 0), at)
		t.Equal("pages left", reserved(), before-at)
		takeAgain(at)
	}

	// The list ends within a page, and the next is not mapped.
	var s pv.Space
	s.Install(slot)
	const keeper = 100 // a spare page for the list
	pv.Need("map", s.Set(0, pv.FrameEntry(pv.SpareFrame(keeper), pv.RW)))
	const n = 3
	at := s.Page(1) - 8*n
	extents := pv.At[[n]hypercall.XenPFN](at)
	for i := range extents {
		extents[i] = hypercall.XenPFN(pv.SpareFrame(uint64(i)))
	}
	arg := hypercall.XenMemoryReservation{NrExtents: n + 1, DomID: hypercall.DOMID_SELF, ExtentStart: hypercall.Handle[hypercall.XenPFN](at)}
	t.Equal("given back from a list that runs into nothing", pv.MemoryOp(hypercall.XENMEM_decrease_reservation, &arg), n)
	for i := range extents {
		extents[i] = hypercall.XenPFN(pv.SparePFN(uint64(i)))
	}
	t.Equal("populated from such a list", pv.MemoryOp(hypercall.XENMEM_populate_physmap, &arg), n)
	for i := range extents {
		*pv.P2M(pv.SparePFN(uint64(i))) = uint64(extents[i])
	}
	t.Equal("pages", reserved(), before)
	pv.Need("unmap", s.Set(0, 0))
	s.Remove()
}

// lists gives lists that can't be read.
func lists(t *pv.T) {
	before := reserved()
	for _, cmd := range [...]uint64{
		hypercall.XENMEM_decrease_reservation, hypercall.XENMEM_populate_physmap,
	} {
		for _, bad := range pv.BadAddresses {
			arg := hypercall.XenMemoryReservation{NrExtents: 1, DomID: hypercall.DOMID_SELF, ExtentStart: hypercall.Handle[hypercall.XenPFN](bad)}
			t.Equal("done of a list where nothing is", pv.MemoryOp(cmd, &arg), 0)
			t.Equal("done of an argument where nothing is", pv.MemoryOp(cmd, pv.At[byte](bad)), 0)
		}
		arg := hypercall.XenMemoryReservation{NrExtents: ^uint64(0), DomID: hypercall.DOMID_SELF, ExtentStart: handle(list[:1])}
		t.Equal("done of the longest list", pv.MemoryOp(cmd, &arg), 0)
	}
	t.Equal("pages", reserved(), before)
}

// domains names domains.
func domains(t *pv.T) {
	self := pv.DomainID()
	for _, cmd := range [...]uint64{hypercall.XENMEM_current_reservation, hypercall.XENMEM_maximum_reservation, hypercall.XENMEM_maximum_gpfn} {
		arg := hypercall.XenMemoryDomain{DomID: self}
		t.Equal("this domain by number", pv.MemoryOp(cmd, &arg), number(cmd))
		for _, dom := range [...]hypercall.DomID{nobody, hypercall.DOMID_INVALID} {
			arg := hypercall.XenMemoryDomain{DomID: dom}
			t.Errno("a domain that does not exist", pv.MemoryOp(cmd, &arg), hypercall.ESRCH)
		}
		for _, bad := range pv.BadAddresses {
			t.Errno("an argument where nothing is", pv.MemoryOp(cmd, pv.At[byte](bad)), hypercall.EFAULT)
		}
	}
	t.Check(number(hypercall.XENMEM_maximum_reservation) >= reserved(), "the domain has more pages than it may have")
	t.Check(reserved() >= pv.StartInfo.NrPages, "the domain has %d pages, and started with more", reserved())
	spares(1)
	arg := hypercall.XenMemoryReservation{NrExtents: 1, DomID: nobody, ExtentStart: handle(list[:1])}
	t.Equal("done for a domain that does not exist", pv.MemoryOp(hypercall.XENMEM_decrease_reservation, &arg), 0)
	pv.Shared().Arch.MaxPFN = 0x1234
	t.Equal("highest page", number(hypercall.XENMEM_maximum_gpfn), 0x1233)
	pv.Shared().Arch.MaxPFN = 0
}

// number is the result of a command about this domain.
func number(cmd uint64) uint64 {
	arg := hypercall.XenMemoryDomain{DomID: hypercall.DOMID_SELF}
	return pv.MemoryOp(cmd, &arg)
}
