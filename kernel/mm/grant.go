package mm

import (
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// Place is where an L1 entry of a domain's is: at a machine address, or where an
// address is mapped in the kernel root of a vCPU.
type Place struct {
	Address uint64
	Entry   bool // Address is the entry's own
	VCPU    int
}

// leafAt finds the L1 entry of a place.
func (d *Domain) leafAt(c *Call, at Place) (t *pagetype.Table, i int, r pagetype.Result) {
	if !at.Entry {
		return d.walk(d.roots[at.VCPU].kernel, frame.VAddr(at.Address))
	}
	return d.entryAt(c, frame.MAddr(at.Address))
}

func (d *Domain) entryAt(c *Call, a frame.MAddr) (t *pagetype.Table, i int, r pagetype.Result) {
	if a&7 != 0 {
		return nil, 0, pagetype.BadValue
	}
	if c.OwnTable(a.MFN()) != pagetype.L1 {
		return nil, 0, pagetype.WrongType
	}
	return d.frames.Table(a.MFN()), int(a.Offset() >> 3), pagetype.OK
}

// MapGrant writes an entry that maps a frame which another domain grants: one of the
// domain that the call names as the owner of new entries' frames. BadValue, WrongType and
// NotMapped for a place where there is no entry of an L1; else the errors of Update.
func (d *Domain) MapGrant(c *Call, at Place, e pagetype.PTE) pagetype.Result {
	if r := d.enter(c); r != pagetype.OK {
		return r
	}
	t, i, r := d.leafAt(c, at)
	if r == pagetype.OK {
		r = c.SetLeaf(t, i, e, pagetype.Plain)
	}
	d.leave(c)
	return r
}

// UnmapGrant clears an entry that MapGrant wrote, if it still maps that frame with that
// right: Changed if not. If from is not 0, the entry that maps this address moves to the
// place; it has to be one for the domain's own frame, or for none. The translations are to be
// flushed. The other errors are MapGrant's.
func (d *Domain) UnmapGrant(c *Call, at Place, m frame.MFN, write bool, from frame.VAddr) pagetype.Result {
	if r := d.enter(c); r != pagetype.OK {
		return r
	}
	t, i, r := d.leafAt(c, at)
	if r == pagetype.OK {
		e := pagetype.PTE(t[i&(pagetype.Entries-1)].Load())
		switch {
		case e&pagetype.Present == 0 || e.MFN() != m || (e&pagetype.RW != 0) != write:
			r = pagetype.Changed
		case from == 0:
			r = c.SetLeaf(t, i, 0, pagetype.Plain)
		default:
			r = d.moveLeaf(c, t, i, at.VCPU, from)
		}
	}
	d.leave(c)
	return r
}

// moveLeaf moves the entry that maps an address to another L1.
func (d *Domain) moveLeaf(c *Call, t *pagetype.Table, i, vcpu int, from frame.VAddr) pagetype.Result {
	old, n, r := d.walk(d.roots[vcpu].kernel, from)
	if r == pagetype.OK {
		r = c.SetLeaf(t, i, pagetype.PTE(old[n].Load()), pagetype.Plain)
	}
	if r == pagetype.OK {
		r = c.SetLeaf(old, n, 0, pagetype.Plain)
	}
	return r
}
