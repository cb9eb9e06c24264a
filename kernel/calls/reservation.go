package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
)

const (
	// maxOrder is the order of the largest extent, 2 MiB, which takes some tenths
	// of a millisecond to clear.
	maxOrder = 9
	// maxChunk is the most frames that are given or taken at once.
	maxChunk = 1 << maxOrder
	// stepFrames is after how many a call lets other work have its turn. An extent
	// counts as a frame more, for what it takes beside its frames.
	stepFrames = maxChunk / 2
	// maxExtents is how many extents one call can be about.
	maxExtents = 1 << 26
)

// reservation is a change of a domain's memory under way.
type reservation struct {
	v     *domain.VCPU
	d     *domain.Domain // whose memory it is
	s     hypercall.XenMemoryReservation
	again bool // the extent is to be looked at again
}

// reserve makes something with each extent of a list, and returns for how many it
// was done: it stops at the first that it can't be done for, whatever the reason.
func reserve(v *domain.VCPU, cmd uint64, arg hypercall.Handle[byte]) int64 {
	done := uint64(v.Progress.Done)
	v.Progress.Done = 0
	r := reservation{v: v}
	if !get(v, &r.s, arg) || r.s.NrExtents > maxExtents || r.s.ExtentOrder > maxOrder || !r.flagsOK() {
		return int64(done)
	}
	var e hypercall.Errno
	if r.d, e = subject(v, r.s.DomID); e != 0 {
		return int64(done)
	}
	for left := stepFrames; done < r.s.NrExtents; {
		if left <= 0 {
			r.again = true
		} else if n := r.some(cmd, done); n != 0 {
			done += n
			left -= int(n)<<r.s.ExtentOrder + int(n)
			if !r.again {
				continue
			}
		}
		if r.again {
			v.Progress.Done = uint32(done)
			return domain.Continue
		}
		break
	}
	return int64(done)
}

// flagsOK tells whether there can be such memory: frames with addresses of more
// bits than a page's offset, and on the one node that there is. No memory is
// populated on demand.
func (r *reservation) flagsOK() bool {
	f := r.s.MemFlags
	if f&hypercall.XENMEMF_populate_on_demand != 0 {
		return false
	}
	if node, ok := f.Node(); ok && f&hypercall.XENMEMF_exact_node_request != 0 && (node != 0 || !r.v.Domain.Privileged) {
		return false
	}
	bits := f.AddressBits()
	return bits == 0 || bits > frame.PageShift
}

// at is where extent n is named.
func (r *reservation) at(n uint64) hypercall.Handle[byte] {
	return hypercall.Handle[byte](r.s.ExtentStart.At(n))
}

// some does a command for extents from n on, and returns for how many.
func (r *reservation) some(cmd, n uint64) uint64 {
	if r.s.ExtentOrder == 0 && r.s.ExtentStart != 0 && r.s.MemFlags.AddressBits() == 0 {
		return r.pages(cmd, n)
	}
	if r.extent(cmd, n) {
		return 1
	}
	return 0
}

// extent does a command for extent n.
func (r *reservation) extent(cmd, n uint64) bool {
	switch cmd {
	case hypercall.XENMEM_increase_reservation:
		return r.increase(n)
	case hypercall.XENMEM_populate_physmap:
		return r.populate(n)
	}
	return r.decrease(n)
}

// increase is XENMEM_increase_reservation: new frames, which the guest may want to
// know the names of.
func (r *reservation) increase(n uint64) bool {
	return r.add(n, r.s.ExtentStart != 0, machine.NotMapped)
}

// populate is XENMEM_populate_physmap: new frames for pages that the guest names.
func (r *reservation) populate(n uint64) bool {
	var page uint64
	if !get(r.v, &page, r.at(n)) {
		return false
	}
	return r.add(n, true, page)
}

// add gives the domain an extent, for the guest's pages from page on unless that is
// NotMapped. If the guest is to be told which, and can't be, there is none.
func (r *reservation) add(n uint64, tell bool, page uint64) bool {
	h, order := r.v.Holder(), uint(r.s.ExtentOrder)
	if !machine.Reserve(r.d, 1<<order) {
		return false
	}
	m, ok := machine.NewExtent(h, order, r.s.MemFlags.AddressBits())
	if ok {
		number := uint64(m)
		setPages(m, order, page)
		ok = (!tell || put(r.v, r.at(n), &number)) && machine.Give(h, r.d, m, 1<<order)
		if !ok {
			machine.FreeExtent(h, m, order)
		}
	}
	if !ok {
		r.d.Pages.Add(-1 << order)
	}
	return ok
}

// setPages says which of the guest's pages an extent's frames are that are nobody's
// yet. When they are the guest's they may soon be another's.
func setPages(m frame.MFN, order uint, page uint64) {
	if page == machine.NotMapped {
		return
	}
	for k := range uint64(1) << order {
		machine.M2P[m+frame.MFN(k)] = page + k
	}
}

// decrease is XENMEM_decrease_reservation.
func (r *reservation) decrease(n uint64) bool {
	var number hypercall.XenPFN
	if !get(r.v, &number, r.at(n)) {
		return false
	}
	h, size := r.v.Holder(), uint64(1)<<r.s.ExtentOrder
	var c mm.Call
	machine.Begin(h, r.d, &c)
	done, result := r.d.Memory.Surrender(&c, frame.MFN(number), size)
	r.again = machine.Settle(h, r.d, &c, result)
	return done == size
}
