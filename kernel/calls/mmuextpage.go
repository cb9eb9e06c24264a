package calls

import (
	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
)

// A frame that is written to here is held as writable meanwhile, as by a mapping
// of the guest's: so it is no table, and is not freed.

// clearPage zeroes a frame.
func (x *extended) clearPage(m frame.MFN) hypercall.Errno {
	x.c.Budget -= costPage
	r := x.c.GetWritable(m, x.owner)
	if r == pagetype.OK {
		*machine.Types.Page(m) = [frame.PageSize]byte{}
		x.c.PutWritable(m)
	}
	return x.settle(r)
}

// copyPage copies a frame to another, which is written to; the first may be
// anything.
func (x *extended) copyPage(to, from frame.MFN) hypercall.Errno {
	x.c.Budget -= costPage
	r := x.c.TryGet(from, x.owner)
	if r != pagetype.OK {
		return x.settle(r)
	}
	if r = x.c.GetWritable(to, x.owner); r == pagetype.OK {
		*machine.Types.Page(to) = *machine.Types.Page(from)
		x.c.PutWritable(to)
	}
	x.c.Put(from)
	return x.settle(r)
}
