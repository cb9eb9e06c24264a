package mm

import (
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// Give makes n frames from m on, which are nobody's, the domain's. FlushFirst if
// some guest's TLB may still hold one of them, which is never so for those that
// were just allocated; NoFrame if the domain is being taken apart.
func (d *Domain) Give(c *Call, m frame.MFN, n uint64) pagetype.Result {
	d.lock.Lock(c.Holder)
	r := pagetype.OK
	if d.dying {
		r = pagetype.NoFrame
	}
	for i := uint64(0); i < n && r == pagetype.OK; i++ {
		if d.frames.DueEveryone(m + frame.MFN(i)) {
			c.Need = pagetype.Need{Everyone: true}
			r = pagetype.FlushFirst
		}
	}
	for i := uint64(0); i < n && r == pagetype.OK; i++ {
		d.frames.Assign(m+frame.MFN(i), d.space.Owner)
	}
	d.lock.Unlock(c.Holder)
	return r
}

// GiveFrames is Give for frames that need not lie side by side.
func (d *Domain) GiveFrames(c *Call, list []frame.MFN) pagetype.Result {
	d.lock.Lock(c.Holder)
	r := pagetype.OK
	if d.dying {
		r = pagetype.NoFrame
	}
	for _, m := range list {
		if r == pagetype.OK && d.frames.DueEveryone(m) {
			c.Need = pagetype.Need{Everyone: true}
			r = pagetype.FlushFirst
		}
	}
	if r == pagetype.OK {
		for _, m := range list {
			d.frames.Assign(m, d.space.Owner)
		}
	}
	d.lock.Unlock(c.Holder)
	return r
}

// Surrender takes n frames from m on from the domain (decrease_reservation), as
// far as they are in its possession, and says how many. Each is freed when nothing
// maps it any more. NotOwner if the next is not the domain's or was surrendered
// before.
func (d *Domain) Surrender(c *Call, m frame.MFN, n uint64) (done uint64, r pagetype.Result) {
	if r := d.enter(c); r != pagetype.OK {
		return 0, r
	}
	for done < n && r == pagetype.OK {
		if r = c.Surrender(m + frame.MFN(done)); r == pagetype.OK {
			done++
		}
	}
	d.leave(c)
	return done, r
}

// SurrenderFrames is Surrender for frames that need not lie side by side. Each number
// is the guest's.
func (d *Domain) SurrenderFrames(c *Call, list []frame.MFN) (done int, r pagetype.Result) {
	if r := d.enter(c); r != pagetype.OK {
		return 0, r
	}
	for done < len(list) && r == pagetype.OK {
		if r = c.Surrender(list[done]); r == pagetype.OK {
			done++
		}
	}
	d.leave(c)
	return done, r
}

// Take is Surrender for frames that nobody uses (exchange): the next is the
// first that somebody does, with WrongType. They are nobody's then; the
// caller frees them, or gives them back by Give.
func (d *Domain) Take(c *Call, m frame.MFN, n uint64) (done uint64, r pagetype.Result) {
	if r := d.enter(c); r != pagetype.OK {
		return 0, r
	}
	for done < n && r == pagetype.OK {
		if r = c.Take(m + frame.MFN(done)); r == pagetype.OK {
			done++
		}
	}
	d.leave(c)
	return done, r
}

// strangers is how many frames that are not the domain's take Destroy about as long as an entry
// of a page table.
const strangers = 8

// Destroy takes apart the memory of a domain none of whose vCPUs will run again.
// End is the number of frames of the machine. What other users hold (a foreign
// mapping, a descriptor table, which the caller has given back before) stays until
// they let go. Again until it is done.
func (d *Domain) Destroy(c *Call, end frame.MFN) pagetype.Result {
	d.lock.Lock(c.Holder)
	d.dying = true
	d.lock.Unlock(c.Holder)
	for v := range d.space.TLBs {
		if r := d.DropRoots(c, v); r != pagetype.OK {
			return r
		}
	}
	if r := d.open(c); r != pagetype.OK {
		return r
	}
	r := pagetype.OK
	for d.sweep < end && r == pagetype.OK {
		if c.Budget <= 0 {
			r = pagetype.Again
			break
		}
		c.Budget--
		next := c.NextOwn(d.sweep, min(end, d.sweep+strangers))
		if next == d.sweep {
			c.Abandon(next)
			c.Surrender(next)
			next++
			r = c.Drain()
		}
		d.sweep = next
	}
	d.leave(c)
	return r
}
