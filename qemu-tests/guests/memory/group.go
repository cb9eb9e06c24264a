// Package memory tests memory_op: how a paravirtual guest gives memory back, gets it, and changes one frame for another.
package memory

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Group is the tests.
var Group = pv.Group{Name: "memory", Tests: []pv.Test{
	{Name: "decrease-populate", Run: decreasePopulate},
	{Name: "decrease-mapped", Run: decreaseMapped},
	{Name: "increase", Run: increase},
	{Name: "large-extents", Run: largeExtents},
	{Name: "partial", Run: partial},
	{Name: "lists", Run: lists},
	{Name: "domains", Run: domains},
	{Name: "exchange", Run: exchange},
	{Name: "exchange-orders", Run: exchangeOrders},
	{Name: "exchange-partial", Run: exchangePartial},
	{Name: "exchange-refused", Run: exchangeRefused},
	{Name: "exchange-ranges", Run: exchangeRanges},
	{Name: "machine", Run: machine},
	{Name: "maps", Run: maps},
	{Name: "commands", Run: commands},
}}

// nobody is the number of a domain that does not exist.
const nobody hypercall.DomID = 77

// list is the extents of a call. It is too large for the stack.
var list [512]hypercall.XenPFN

// reservation makes a call on extents.
func reservation(cmd uint64, extents []hypercall.XenPFN, order uint32) uint64 {
	arg := hypercall.XenMemoryReservation{
		NrExtents: uint64(len(extents)), ExtentOrder: order, DomID: hypercall.DOMID_SELF, ExtentStart: handle(extents),
	}
	return pv.MemoryOp(cmd, &arg)
}

func handle(extents []hypercall.XenPFN) hypercall.Handle[hypercall.XenPFN] {
	if len(extents) == 0 {
		return 0
	}
	return hypercall.Handle[hypercall.XenPFN](pv.Address(&extents[0]))
}

// reserved is how many pages the domain has.
func reserved() uint64 {
	arg := hypercall.XenMemoryDomain{DomID: hypercall.DOMID_SELF}
	return pv.MemoryOp(hypercall.XENMEM_current_reservation, &arg)
}

// spares puts the frames of n spare pages into list.
func spares(n uint64) []hypercall.XenPFN {
	for i := range n {
		list[i] = hypercall.XenPFN(pv.SpareFrame(i))
	}
	return list[:n]
}

// giveBack gives the frames of the first spare pages to the hypervisor.
func giveBack(n uint64) {
	if reservation(hypercall.XENMEM_decrease_reservation, spares(n), 0) != n {
		panic("can't give memory back")
	}
}

// takeAgain populates those pages.
func takeAgain(n uint64) {
	for i := range n {
		list[i] = hypercall.XenPFN(pv.SparePFN(i))
	}
	if reservation(hypercall.XENMEM_populate_physmap, list[:n], 0) != n {
		panic("can't get memory again")
	}
	for i := range n {
		*pv.P2M(pv.SparePFN(i)) = uint64(list[i])
	}
}

// requireOwn requires a frame to be the domain's, or not: whether it can be mapped.
func requireOwn(t *pv.T, what string, s *pv.Space, mfn uint64, own bool) {
	var want hypercall.Errno
	if !own {
		want = hypercall.EBUSY
	}
	t.Errno(what, s.Set(0, pv.FrameEntry(mfn, pv.RW)), want)
	pv.Need("unmap", s.Set(0, 0))
}

// slot is the slot of the L4 table that tests use.
const slot = 300
