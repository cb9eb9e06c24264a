package main

import (
	"fmt"
	"sync/atomic"

	"tuco/guestlib"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/page"
	"tuco/guestlib/probe"
	"tuco/hypercall"
)

// ring is an update ring of the program's own, while the library does without its one: a vCPU has one at a time.
var ring struct {
	pages    *page.Run
	shared   *hypercall.TucoRing // nil: not registered
	slots    []hypercall.MMUUpdate
	next     uint64 // index of the next entry
	register hypercall.TucoRingRegister
	used     bool // the library's
}

// openRing registers the ring. Where there is no such thing the rows are refused.
func openRing() {
	if ring.pages == nil {
		at, err := page.Alloc(hypercall.TucoRingFrames)
		if err != nil {
			check(hypercall.ENOMEM)
			return
		}
		ring.pages = at
	}
	base := hypercalls.Address(&ring.pages.Bytes()[0])
	ring.shared = hypercalls.At[hypercall.TucoRing](base)
	ring.slots = hypercalls.At[[(hypercall.TucoRingFrames - 1) * hypercall.TucoRingSlots]hypercall.MMUUpdate](base + page.Size)[:]
	ring.used = guestlib.UpdateRing(true)
	guestlib.UpdateRing(false)
	ring.register.NrFrames = hypercall.TucoRingFrames
	for i := range ring.register.Frames {
		ring.register.Frames[i] = ring.pages.Frame(i)
	}
	check(hypercalls.TucoOp(hypercall.TUCOOP_ring_register, &ring.register))
	ring.next = ring.shared.Prod
}

func closeRing() {
	hypercalls.TucoOp[byte](hypercall.TUCOOP_ring_unregister, nil)
	guestlib.UpdateRing(ring.used)
	ring.shared = nil
}

// put leaves updates in the ring, which the hypervisor is not told of yet.
func put(updates []hypercall.MMUUpdate) {
	for _, u := range updates {
		ring.slots[ring.next%uint64(len(ring.slots))] = u
		ring.next++
	}
}

// byRing has updates made, and returns when they are.
func byRing(updates []hypercall.MMUUpdate) hypercall.Errno {
	refusals := ring.shared.Refused
	put(updates)
	atomic.StoreUint64(&ring.shared.Prod, ring.next) // after the updates
	if err := hypercalls.KickRing(0); err != 0 {
		return err
	}
	if ring.shared.Refused != refusals {
		return hypercall.EINVAL
	}
	return 0
}

// kick is the registers of the hypercall that has all made which is in the ring.
var kick = newCall(hypercall.HYPERVISOR_tuco_op, hypercall.TUCOOP_ring_kick, 0)

// ringUpdate is a row of a batch that goes by the ring: as one that update makes.
func ringUpdate(name string, n int, from, to func(uint64) uint64) row {
	r := probed(fmt.Sprintf("update ring %s batch %d", name, n), n, func() {
		if ring.shared == nil {
			openRing()
		}
		if refused == 0 {
			pages.fill(n, from)
			pages.send(n)
			pages.fill(n, to)
			put(pages.updates[:n])
		}
	}, func() probe.Reading {
		if refused != 0 {
			return probe.Reading{}
		}
		refusals := ring.shared.Refused
		reading := probe.Publish(&ring.shared.Prod, ring.next, kick)
		if ring.shared.Refused != refusals {
			check(hypercall.EINVAL)
		}
		return reading
	})
	r.after = closeRing
	return r
}

// rings is batches by the update ring, Tuco's own.
func rings() (rows []row, err error) {
	for _, n := range batches {
		for _, c := range changes {
			rows = append(rows, ringUpdate(c.name, n, c.from, c.to))
		}
	}
	return rows, nil
}
