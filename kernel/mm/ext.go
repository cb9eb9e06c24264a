package mm

import (
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// Pin validates a table of a level (MMUEXT_PIN_L1_TABLE to L4) and keeps it so.
// Errors: those of Update for whatever an entry of it, or of a table below, would
// be refused for; Pinned if it is already.
func (d *Domain) Pin(c *Call, m frame.MFN, level pagetype.Type) pagetype.Result {
	if level < pagetype.L1 || level > pagetype.L4 {
		return pagetype.BadValue
	}
	if r := d.enter(c); r != pagetype.OK {
		return r
	}
	r := c.Pin(m, level)
	d.leave(c)
	return r
}

// Unpin ends a Pin of any level (MMUEXT_UNPIN_TABLE). NotPinned if there was none.
func (d *Domain) Unpin(c *Call, m frame.MFN) pagetype.Result {
	if r := d.enter(c); r != pagetype.OK {
		return r
	}
	r := c.Unpin(m)
	d.leave(c)
	return r
}

// SetKernelRoot makes m the root of the vCPU's kernel mode (MMUEXT_NEW_BASEPTR).
// The vCPU does not run; before it runs again its translations are to be
// dropped, as a load of CR3 does.
func (d *Domain) SetKernelRoot(c *Call, vcpu int, m frame.MFN) pagetype.Result {
	if m == frame.NoMFN {
		return pagetype.NoFrame
	}
	d.space.Begin(vcpu, d.frames)
	return d.setRoot(c, &d.roots[vcpu].kernel, m)
}

// SetUserRoot makes m the root of the vCPU's user mode (MMUEXT_NEW_USER_BASEPTR).
// Frame 0 stands for none.
func (d *Domain) SetUserRoot(c *Call, vcpu int, m frame.MFN) pagetype.Result {
	switch m {
	case frame.NoMFN:
		return pagetype.NoFrame
	case 0:
		m = frame.NoMFN
	}
	return d.setRoot(c, &d.roots[vcpu].user, m)
}

// setRoot replaces a root: first the new one's reference, then the old one's.
func (d *Domain) setRoot(c *Call, at *frame.MFN, m frame.MFN) pagetype.Result {
	r := d.open(c)
	if r != pagetype.OK {
		return r
	}
	if m != frame.NoMFN && !c.QuickTable(m, pagetype.L4) {
		r = c.GetTable(m, pagetype.L4)
	}
	if r == pagetype.OK {
		old := *at
		*at = m
		if old != frame.NoMFN {
			c.PutTable(old)
		}
	}
	d.leave(c)
	return r
}

// DropRoots gives back both roots of a vCPU that will not run again, or not
// before it gets new ones.
func (d *Domain) DropRoots(c *Call, vcpu int) pagetype.Result {
	if r := d.setRoot(c, &d.roots[vcpu].user, frame.NoMFN); r != pagetype.OK {
		return r
	}
	return d.setRoot(c, &d.roots[vcpu].kernel, frame.NoMFN)
}

// GetDescriptors takes a reference to a frame as a page of descriptors, for a
// vCPU's GDT or LDT. Errors: NoFrame, NotOwner, WrongType; BadEntry for a
// descriptor that a guest may not have.
func (d *Domain) GetDescriptors(c *Call, m frame.MFN) pagetype.Result {
	if r := d.enter(c); r != pagetype.OK {
		return r
	}
	r := c.GetDescriptors(m)
	d.leave(c)
	return r
}

// PutDescriptors gives that reference back, when the vCPU's tables do not hold the
// frame any more.
func (d *Domain) PutDescriptors(c *Call, m frame.MFN) {
	d.lock.Lock(c.Holder)
	c.Work.PutDescriptors(m)
	d.leave(c)
}

// UpdateDescriptor writes a descriptor at a machine address (update_descriptor).
// BadValue if it is unaligned; else the errors of GetDescriptors.
func (d *Domain) UpdateDescriptor(c *Call, a frame.MAddr, desc uint64) pagetype.Result {
	if a&7 != 0 {
		return pagetype.BadValue
	}
	if r := d.enter(c); r != pagetype.OK {
		return r
	}
	r := c.SetDescriptor(a.MFN(), int(a.Offset()>>3), desc)
	d.leave(c)
	return r
}

// MaxLDT is how many descriptors a local descriptor table has at the most.
const MaxLDT = 8192

// CheckLDT judges the arguments of MMUEXT_SET_LDT: an address at the start of a
// page, within the guest's part of the address space, and a number of
// descriptors. The frames are looked at when they are used.
func CheckLDT(base frame.VAddr, entries uint64) pagetype.Result {
	if entries == 0 {
		return pagetype.OK
	}
	last := base + frame.VAddr(min(entries, MaxLDT)*8-1)
	if entries > MaxLDT || base.Offset() != 0 || !guestAddress(base) || !guestAddress(last) || last < base {
		return pagetype.BadValue
	}
	return pagetype.OK
}

// guestAddress tells whether an address is canonical and not in the part that is
// ours. That begins where the upper half does: so what is neither is one stretch.
func guestAddress(v frame.VAddr) bool { return v-notGuests >= endOfOurs-notGuests }

const (
	notGuests frame.VAddr = pagetype.FirstSlot << 39
	endOfOurs frame.VAddr = 0xffff<<48 | pagetype.EndSlot<<39
)
