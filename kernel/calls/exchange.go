package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
)

// swap is an XENMEM_exchange under way. It goes by chunks: the smallest number of
// extents on either side that have as many frames as some on the other; so on one
// side a chunk is one extent. A chunk is exchanged whole or not at all.
type swap struct {
	v       *domain.VCPU
	d       *domain.Domain
	s       hypercall.XenMemoryExchange
	in, out []hypercall.XenPFN // the chunk's extents on either side
	whole   bool               // the new ones are one piece
	again   bool               // the chunk is to be exchanged again
}

// exchangedOffset is where a XenMemoryExchange has NrExchanged.
const exchangedOffset = 64

// exchange is XENMEM_exchange. How far it came is always told in the structure.
//
// EPERM: an extent of more than 2 MiB, or a domain that the caller has no rights
// over. EINVAL: the two sides differ in domain or size, more is done than there is to
// do, or a frame of the domain's is in use. ENOMEM: the machine has no such memory.
// ESRCH. EFAULT: of either list every entry is looked at through the guest's own page
// tables when its turn comes, wherever the list begins.
func exchange(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	x := swap{v: v}
	if !get(v, &x.s, arg) {
		v.Progress.Sub = 0
		return fail(hypercall.EFAULT)
	}
	if v.Progress.Sub != 0 { // what we have counted, whatever stands there now
		x.s.NrExchanged, v.Progress.Sub = v.Progress.Sub, 0
	}
	e := x.check()
	if e == 0 {
		e = x.chunks()
	}
	if x.again {
		v.Progress.Sub = x.s.NrExchanged
		return domain.Continue
	}
	if !put(v, arg+exchangedOffset, &x.s.NrExchanged) {
		e = hypercall.EFAULT
	}
	return fail(e)
}

// check judges the whole call, so that no chunk has to.
func (x *swap) check() (e hypercall.Errno) {
	in, out := &x.s.In, &x.s.Out
	if in.ExtentOrder > maxOrder || out.ExtentOrder > maxOrder {
		return hypercall.EPERM
	}
	if x.s.NrExchanged > in.NrExtents || in.DomID != out.DomID ||
		^uint64(0)>>in.ExtentOrder < in.NrExtents || ^uint64(0)>>out.ExtentOrder < out.NrExtents ||
		in.NrExtents<<in.ExtentOrder != out.NrExtents<<out.ExtentOrder {
		return hypercall.EINVAL
	}
	x.d, e = subject(x.v, in.DomID)
	return e
}

// chunks exchanges chunks, for one step of the call.
func (x *swap) chunks() hypercall.Errno {
	order := max(x.s.In.ExtentOrder, x.s.Out.ExtentOrder)
	ins, outs := uint64(1)<<(order-x.s.In.ExtentOrder), uint64(1)<<(order-x.s.Out.ExtentOrder)
	list := &room(x.v).frames
	x.in, x.out = list[:ins], list[ins:ins+outs]
	left := stepFrames
	for n := x.s.NrExchanged / ins; n < x.s.In.NrExtents/ins; n++ {
		if left <= 0 {
			x.again = true
			return 0
		}
		if e := x.chunk(n); e != 0 || x.again {
			return e
		}
		x.s.NrExchanged = (n + 1) * ins
		left -= 1<<order + len(x.in) + len(x.out)
	}
	return 0
}

// chunk exchanges chunk n: first what may fail, then what may not.
func (x *swap) chunk(n uint64) hypercall.Errno {
	pages := room(x.v).pages[:len(x.out)]
	out := x.s.Out.ExtentStart.At(n * uint64(len(x.out)))
	if !getAll(x.v, x.in, x.s.In.ExtentStart.At(n*uint64(len(x.in)))) || !getAll(x.v, pages, out) {
		return hypercall.EFAULT
	}
	if !x.allocate() {
		return hypercall.ENOMEM
	}
	if !x.take() {
		x.free(x.out)
		return hypercall.EINVAL // unless x.again
	}
	h := x.v.Holder()
	for _, m := range x.in {
		machine.FreeExtent(h, frame.MFN(m), uint(x.s.In.ExtentOrder))
	}
	for i, m := range x.out {
		setPages(frame.MFN(m), uint(x.s.Out.ExtentOrder), uint64(pages[i]))
	}
	if !x.give() { // the domain has come to its end
		return hypercall.ESRCH
	}
	if !putAll(x.v, out, x.out) {
		return hypercall.EFAULT
	}
	return 0
}

// allocate takes the new extents, which are nobody's yet: in one piece if there is one.
func (x *swap) allocate() bool {
	h, s := x.v.Holder(), &x.s.Out
	m, ok := machine.NewExtent(h, uint(max(x.s.In.ExtentOrder, s.ExtentOrder)), s.MemFlags.AddressBits())
	if x.whole = ok; ok {
		for i := range x.out {
			x.out[i] = hypercall.XenPFN(m) + hypercall.XenPFN(i)<<s.ExtentOrder
		}
		return true
	}
	for i := range x.out {
		m, ok := machine.NewExtent(h, uint(s.ExtentOrder), s.MemFlags.AddressBits())
		if !ok {
			x.free(x.out[:i])
			return false
		}
		x.out[i] = hypercall.XenPFN(m)
	}
	return true
}

// give makes the new extents the domain's; or frees what can't be.
func (x *swap) give() bool {
	h, size := x.v.Holder(), uint64(1)<<x.s.Out.ExtentOrder
	if x.whole && machine.Give(h, x.d, frame.MFN(x.out[0]), size*uint64(len(x.out))) {
		return true
	}
	for i, m := range x.out {
		if !machine.Give(h, x.d, frame.MFN(m), size) {
			x.free(x.out[i:])
			return false
		}
	}
	return true
}

// free gives back new extents.
func (x *swap) free(list []hypercall.XenPFN) {
	for _, m := range list {
		machine.FreeExtent(x.v.Holder(), frame.MFN(m), uint(x.s.Out.ExtentOrder))
	}
}

// take takes the old extents from the domain, or leaves them all to it.
func (x *swap) take() bool {
	h, size := x.v.Holder(), uint64(1)<<x.s.In.ExtentOrder
	for i, m := range x.in {
		var c mm.Call
		machine.Begin(h, x.d, &c)
		done, r := x.d.Memory.Take(&c, frame.MFN(m), size)
		x.again = machine.Settle(h, x.d, &c, r)
		if r != pagetype.OK {
			machine.Give(h, x.d, frame.MFN(m), done)
			for _, before := range x.in[:i] {
				machine.Give(h, x.d, frame.MFN(before), size)
			}
			return false
		}
	}
	return true
}
