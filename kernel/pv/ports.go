package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/lock"
)

// maxGifts bounds how many ranges of ports the domains beside domain 0 have together.
const maxGifts = 64

// gifts are the ports that other domains than domain 0 were given. Of two domains no two ranges have a port in common. Their
// instructions for ports are emulated, which asks here each time: so what is taken back is gone at once.
var gifts struct {
	lock lock.Spin
	list [maxGifts]gift // [lock], the first n, in no order
	n    int            // [lock]
}

type gift struct {
	to domain.ID
	portRange
}

// within tells whether the range has all ports of an access.
func (r portRange) within(first uint16, last uint32) bool {
	return first >= r.first && last <= uint32(r.last)
}

func (r portRange) overlaps(o portRange) bool { return r.first <= o.last && o.first <= r.last }

// GivePorts gives a domain ports, from first to last. Domain 0 may use them still: it is for it not to.
//
// EINVAL: there are no such ports. EBUSY: some are the hypervisor's, or another domain has some of them. EEXIST: the domain has some
// already. ENOSPC: there are too many ranges.
func GivePorts(h *lock.Holder, to domain.ID, first, last uint16) hypercall.Errno {
	if first > last {
		return hypercall.EINVAL
	}
	if !domain0Has(first, uint32(last)) {
		return hypercall.EBUSY
	}
	gifts.lock.Lock(h)
	e := give(gift{to, portRange{first, last}})
	gifts.lock.Unlock(h)
	return e
}

// give is the part of GivePorts that is under the lock.
func give(g gift) hypercall.Errno {
	for i := range gifts.list[:gifts.n] {
		o := &gifts.list[i]
		if !o.overlaps(g.portRange) {
			continue
		}
		if o.to != g.to {
			return hypercall.EBUSY
		}
		return hypercall.EEXIST
	}
	if gifts.n == maxGifts {
		return hypercall.ENOSPC
	}
	gifts.list[gifts.n] = g
	gifts.n++
	return 0
}

// TakePorts takes a range back that a domain was given as it is. ENOENT: it was not.
func TakePorts(h *lock.Holder, from domain.ID, first, last uint16) hypercall.Errno {
	e := hypercall.ENOENT
	gifts.lock.Lock(h)
	for i := range gifts.list[:gifts.n] {
		if gifts.list[i] == (gift{from, portRange{first, last}}) {
			drop(i)
			e = 0
			break
		}
	}
	gifts.lock.Unlock(h)
	return e
}

// DropPorts takes all ports back from a domain that runs no more, and that nobody finds.
func DropPorts(h *lock.Holder, from domain.ID) {
	gifts.lock.Lock(h)
	for i := gifts.n - 1; i >= 0; i-- {
		if gifts.list[i].to == from {
			drop(i)
		}
	}
	gifts.lock.Unlock(h)
}

// drop takes a range out. The lock is held.
func drop(i int) {
	gifts.n--
	gifts.list[i] = gifts.list[gifts.n]
}

// wasGiven tells whether a domain was given all ports of an access, in one range.
func wasGiven(h *lock.Holder, to domain.ID, first uint16, last uint32) (given bool) {
	gifts.lock.Lock(h)
	for i := range gifts.list[:gifts.n] {
		if g := &gifts.list[i]; g.to == to && g.within(first, last) {
			given = true
			break
		}
	}
	gifts.lock.Unlock(h)
	return given
}
