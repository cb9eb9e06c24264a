package mm

import (
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// walk finds the L1 that maps an address below a root, and the entry's
// index. It reads the tables themselves, never through anybody's mapping of
// them, which might be a stale one. The caller holds the lock, and a reference to the
// root as an L4; so whatever it reaches is a validated table.
//
// The levels one by one, as in guestmem's walk: update_va_mapping spends its time here.
func (d *Domain) walk(root frame.MFN, v frame.VAddr) (t *pagetype.Table, i int, r pagetype.Result) {
	if root == frame.NoMFN || !guestAddress(v) {
		return nil, 0, pagetype.NotMapped
	}
	frames := d.frames
	e := pagetype.PTE(frames.Table(root)[index(v, 39)].Load())
	if e&pagetype.Present == 0 {
		return nil, 0, pagetype.NotMapped
	}
	e = pagetype.PTE(frames.Below(e)[index(v, 30)].Load())
	if e&pagetype.Present == 0 {
		return nil, 0, pagetype.NotMapped
	}
	e = pagetype.PTE(frames.Below(e)[index(v, 21)].Load())
	if e&pagetype.Present == 0 {
		return nil, 0, pagetype.NotMapped
	}
	return frames.Below(e), index(v, frame.PageShift), pagetype.OK
}

// index is where the table of a level has the entry for an address.
func index(v frame.VAddr, shift uint) int { return int(v>>shift) & (pagetype.Entries - 1) }

// UpdateVA changes the L1 entry that maps an address in the kernel root of a vCPU,
// as update_va_mapping does. NotMapped if there is no L1 for it; else the errors
// of Update.
func (d *Domain) UpdateVA(c *Call, vcpu int, v frame.VAddr, e pagetype.PTE) pagetype.Result {
	if r := d.enter(c); r != pagetype.OK {
		return r
	}
	t, i, r := d.walk(d.roots[vcpu].kernel, v)
	if r == pagetype.OK {
		r = c.SetLeaf(t, i, e, pagetype.Plain)
	}
	d.leave(c)
	return r
}

// ReadEntry reads the page-table entry that a guest's instruction names by
// its address: the frame mapped there has to be an L1 of the domain.
// The emulation of an instruction that writes to a page table is: ReadEntry,
// compute, ReplaceEntry, and all again if that says Changed; or SetEntry, if nothing
// is computed.
func (d *Domain) ReadEntry(c *Call, vcpu int, v frame.VAddr) (pagetype.PTE, pagetype.Result) {
	if r := d.enter(c); r != pagetype.OK {
		return 0, r
	}
	e := pagetype.PTE(0)
	at, i, r := d.tableAt(c, vcpu, v)
	if r == pagetype.OK {
		e = pagetype.PTE(at.table[i].Load())
	}
	at.release(c)
	d.leave(c)
	return e, r
}

// ReplaceEntry changes the entry at an address from one value to another, with
// all the checks of Update. If the entry holds a third value the result is
// Changed.
func (d *Domain) ReplaceEntry(c *Call, vcpu int, v frame.VAddr, old, new pagetype.PTE) pagetype.Result {
	if r := d.enter(c); r != pagetype.OK {
		return r
	}
	at, i, r := d.tableAt(c, vcpu, v)
	if r == pagetype.OK {
		_, r = c.ReplaceLeaf(at.table, i, old, new)
	}
	at.release(c)
	d.leave(c)
	return r
}

// SetEntry changes the entry at an address, whatever it holds, with all the checks of
// Update.
func (d *Domain) SetEntry(c *Call, vcpu int, v frame.VAddr, new pagetype.PTE) pagetype.Result {
	if r := d.enter(c); r != pagetype.OK {
		return r
	}
	at, i, r := d.tableAt(c, vcpu, v)
	if r == pagetype.OK {
		r = c.SetLeaf(at.table, i, new, pagetype.Plain)
	}
	at.release(c)
	d.leave(c)
	return r
}

// tableAt finds the L1 whose frame is mapped at an address.
func (d *Domain) tableAt(c *Call, vcpu int, v frame.VAddr) (at target, i int, r pagetype.Result) {
	if v&7 != 0 {
		return at, 0, pagetype.BadValue
	}
	t, n, r := d.walk(d.roots[vcpu].kernel, v)
	if r != pagetype.OK {
		return at, 0, r
	}
	e := pagetype.PTE(t[n].Load())
	if e&pagetype.Present == 0 {
		return at, 0, pagetype.NotMapped
	}
	if r = at.find(c, d, e.MFN()); r != pagetype.OK {
		return at, 0, r
	}
	if at.level != pagetype.L1 {
		return at, 0, pagetype.WrongType
	}
	return at, int(v.Offset() >> 3), pagetype.OK
}
