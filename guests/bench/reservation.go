package main

import (
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/probe"
	"tuco/hypercall"
)

// frames is what the hypervisor is told of frames, and answers: machine frames, or the numbers of pages that are to have one.
var frames struct {
	arg  hypercall.XenMemoryReservation
	list [512]hypercall.XenPFN
}

// reservations is frames of the scratch pages, given back to the hypervisor, and others in their place.
func reservations() (rows []row, err error) {
	for _, r := range []struct {
		n     int
		pages string
	}{{1, "1 page"}, {len(frames.list), "512 pages"}} {
		give := moving(hypercall.XENMEM_decrease_reservation)
		take := moving(hypercall.XENMEM_populate_physmap)
		rows = append(rows,
			probed("memory_op decrease_reservation "+r.pages, r.n, func() { pages.leave(r.n) }, func() probe.Reading {
				reading := moved(r.n, probe.Time(give))
				pages.want(r.n)
				moved(r.n, probe.Time(take))
				pages.settle(r.n)
				return reading
			}),
			probed("memory_op populate_physmap "+r.pages, r.n, func() {
				pages.leave(r.n)
				moved(r.n, probe.Time(give))
				pages.want(r.n)
			}, func() probe.Reading {
				reading := moved(r.n, probe.Time(take))
				pages.settle(r.n)
				return reading
			}))
	}
	return rows, nil
}

// moving is a memory_op's registers.
func moving(cmd uint64) *probe.Call {
	return newCall(hypercall.HYPERVISOR_memory_op, cmd, hypercalls.Address(&frames.arg))
}

// moved checks how many frames were moved, and returns the reading with no result but success.
func moved(n int, r probe.Reading) probe.Reading {
	if r.Result != uint64(n) {
		check(hypercall.ENOMEM)
	}
	r.Result = 0
	return r
}

// leave unmaps the first pages, and lists their frames.
func (s *scratch) leave(n int) {
	s.fill(n, gone)
	s.send(n)
	for i, e := range s.entries[:n] {
		mfn := e.Val & frameBits / mm.PageSize
		frames.list[i], s.numbers[i] = hypercall.XenPFN(mfn), mm.PageOf(mfn)
	}
	frames.arg = hypercall.XenMemoryReservation{
		ExtentStart: hypercall.Handle[hypercall.XenPFN](hypercalls.Address(&frames.list[0])), NrExtents: uint64(n), DomID: hypercall.DOMID_SELF,
	}
}

// want lists the numbers of the first pages.
func (s *scratch) want(n int) {
	for i, number := range s.numbers[:n] {
		frames.list[i] = hypercall.XenPFN(number)
	}
}

// settle maps the pages again, to the frames that they have now. Where the hypervisor has refused something they have none.
func (s *scratch) settle(n int) {
	if refused != 0 {
		return
	}
	for i, mfn := range frames.list[:n] {
		*hypercalls.At[uint64](mm.List() + 8*s.numbers[i]) = uint64(mfn)
		s.entries[i].Val = s.entries[i].Val&^frameBits | uint64(mfn)*mm.PageSize
	}
	s.fill(n, same)
	s.send(n)
}
