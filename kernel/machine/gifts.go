package machine

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
)

// maxGifts bounds how many ranges of devices' frames the domains beside domain 0 have together.
const maxGifts = 64

// gifts are the devices' frames that domains beside domain 0 were given. No two ranges have a frame in common. What a domain may map stands
// in its own memory's record too, where its mappings are counted. When a range is taken back it leaves that one first and this one last; so
// no range has a second domain before the first one's translations are gone.
var gifts struct {
	lock lock.Spin
	list [maxGifts]gift // [lock], the first n, in no order
	n    int            // [lock]
}

type gift struct {
	to domain.ID
	frame.Range
}

// InitGifts makes the gifts usable: there are none yet.
func InitGifts() {
	gifts.lock.Init(lock.Devices)
	gifts.n = 0
}

// messages is where devices write to interrupt a CPU, and CPUs may, too. Nobody is given that.
var messages = frame.Between(0xfee00, 0xfef00)

// GiveDevice lets a domain map devices' frames. Domain 0 may map them still: it is for it not to.
//
// EINVAL: there are no such frames. EBUSY: some are RAM or the hypervisor's, or another domain has some of them, or the domain is being taken
// apart. EEXIST: the domain has some already. ENOSPC: there are too many ranges.
func GiveDevice(h *lock.Holder, to *domain.Domain, r frame.Range) hypercall.Errno {
	if r.Len() == 0 {
		return hypercall.EINVAL
	}
	if !isDevices(r) {
		return hypercall.EBUSY
	}
	gifts.lock.Lock(h)
	e := free(to.ID, r)
	if e == 0 {
		switch to.Memory.GiveDevice(h, r) {
		case pagetype.OK:
			gifts.list[gifts.n] = gift{to.ID, r}
			gifts.n++
		case pagetype.Overflow:
			e = hypercall.ENOSPC
		default:
			e = hypercall.EBUSY
		}
	}
	gifts.lock.Unlock(h)
	return e
}

// isDevices tells whether all frames of a range are such that domain 0 may map them as devices', and none is for messages.
func isDevices(r frame.Range) bool {
	if r.Overlaps(messages) {
		return false
	}
	for _, io := range IOFrames() {
		if io.Contains(r.Start) {
			return r.End <= io.End
		}
	}
	return false
}

// free tells why a range can't be a domain's; 0: it can. The lock is held.
func free(to domain.ID, r frame.Range) hypercall.Errno {
	for i := range gifts.list[:gifts.n] {
		if g := &gifts.list[i]; g.Overlaps(r) {
			if g.to != to {
				return hypercall.EBUSY
			}
			return hypercall.EEXIST
		}
	}
	if gifts.n == maxGifts {
		return hypercall.ENOSPC
	}
	return 0
}

// TakeDevice takes a range back that a domain was given as it is, and of which it maps nothing. No lock is held.
//
// ENOENT: it was not given so. EBUSY: the domain's tables map some of it. They are not searched for its entries, which nobody knows the
// number of: who wants it back from a domain that does not let go ends the domain.
func TakeDevice(h *lock.Holder, from *domain.Domain, r frame.Range) hypercall.Errno {
	switch from.Memory.TakeDevice(h, r) {
	case pagetype.OK:
	case pagetype.WrongType:
		return hypercall.EBUSY
	default:
		return hypercall.ENOENT
	}
	FlushVCPUs(h, from, ^uint64(0))
	gifts.lock.Lock(h)
	dropGifts(func(g gift) bool { return g == gift{from.ID, r} })
	gifts.lock.Unlock(h)
	return 0
}

// DropDevices takes all ranges back from a domain whose memory was taken apart.
func DropDevices(h *lock.Holder, from *domain.Domain) {
	gifts.lock.Lock(h)
	dropGifts(func(g gift) bool {
		if g.to != from.ID {
			return false
		}
		if from.Memory.TakeDevice(h, g.Range) != pagetype.OK {
			klog.Bugf("domain %d has no tables any more, and they map a device", klog.D(from.ID))
		}
		return true
	})
	gifts.lock.Unlock(h)
}

// dropGifts takes those out for which f holds. The lock is held.
func dropGifts(f func(gift) bool) {
	for i := gifts.n - 1; i >= 0; i-- {
		if f(gifts.list[i]) {
			gifts.n--
			gifts.list[i] = gifts.list[gifts.n]
		}
	}
}
