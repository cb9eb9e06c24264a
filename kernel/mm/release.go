package mm

import (
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// Surrender takes a frame from the domain (decrease_reservation). It is freed
// when nothing maps it any more. NotOwner if it is not the domain's or was
// surrendered before.
func (d *Domain) Surrender(c *Call, m frame.MFN) pagetype.Result {
	if r := d.enter(c); r != pagetype.OK {
		return r
	}
	r := c.Surrender(m)
	d.leave(c)
	return r
}

// Destroy takes apart the memory of a domain none of whose vCPUs will run again.
// End is the number of frames of the machine. What other users hold (a foreign
// mapping, a descriptor table, which the caller has given back before) stays until
// they let go. Again until it is done.
func (d *Domain) Destroy(c *Call, end frame.MFN) pagetype.Result {
	for v := range d.space.TLBs {
		if r := d.DropRoots(c, v); r != pagetype.OK {
			return r
		}
	}
	if r := d.enter(c); r != pagetype.OK {
		return r
	}
	r := pagetype.OK
	for d.sweep < end && r == pagetype.OK {
		if c.Budget <= 0 {
			r = pagetype.Again
			break
		}
		c.Budget--
		c.Abandon(d.sweep)
		c.Surrender(d.sweep)
		d.sweep++
		r = c.Drain()
	}
	d.leave(c)
	return r
}
