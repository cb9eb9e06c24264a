package mm

import (
	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
)

// GiveDevice lets the domain map a range of frames that are not RAM. Overflow: it has too many such ranges. NoFrame: the domain is being
// taken apart.
func (d *Domain) GiveDevice(h *lock.Holder, r frame.Range) pagetype.Result {
	d.lock.Lock(h)
	result := pagetype.NoFrame
	if !d.dying {
		result = d.space.Give(r)
	}
	d.lock.Unlock(h)
	return result
}

// TakeDevice takes a range back. WrongType: the domain maps a frame of it. NoFrame: it has no such range. After OK the translations of the
// domain's vCPUs are to be flushed before anybody else gets it.
func (d *Domain) TakeDevice(h *lock.Holder, r frame.Range) pagetype.Result {
	d.lock.Lock(h)
	result := d.space.TakeBack(r)
	d.lock.Unlock(h)
	return result
}
