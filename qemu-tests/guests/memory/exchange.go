package memory

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// in and out are the lists of an exchange.
var in, out [16]hypercall.XenPFN

// swap makes an exchange of in for out.
func swap(ins, outs int, inOrder, outOrder uint32) (exchanged, result uint64) {
	arg := exchangeOf(ins, outs, inOrder, outOrder)
	result = pv.MemoryOp(hypercall.XENMEM_exchange, &arg)
	return arg.NrExchanged, result
}

func exchangeOf(ins, outs int, inOrder, outOrder uint32) hypercall.XenMemoryExchange {
	return hypercall.XenMemoryExchange{
		In:  hypercall.XenMemoryReservation{ExtentStart: handle(in[:]), NrExtents: uint64(ins), ExtentOrder: inOrder, DomID: hypercall.DOMID_SELF},
		Out: hypercall.XenMemoryReservation{ExtentStart: handle(out[:]), NrExtents: uint64(outs), ExtentOrder: outOrder, DomID: hypercall.DOMID_SELF},
	}
}

// prepare puts n spare frames into in and their pages into out.
func prepare(n uint64) {
	for i := range n {
		in[i] = hypercall.XenPFN(pv.SpareFrame(i))
		out[i] = hypercall.XenPFN(pv.SparePFN(i))
	}
}

// take notes the frames of n pages from i on, and requires them to know their pages.
func take(t *pv.T, i, n, first uint64) {
	for j := range n {
		*pv.P2M(pv.SparePFN(i + j)) = first + j
		t.Equal("page of a frame", pv.M2P(first+j), pv.SparePFN(i+j))
	}
}

func exchange(t *pv.T) {
	var s pv.Space
	s.Install(slot)
	before := reserved()
	for _, n := range [...]uint64{1, 4, 16} {
		prepare(n)
		done, result := swap(int(n), int(n), 0, 0)
		t.OK("exchange", result)
		t.Equal("exchanged", done, n)
		for i := range n {
			take(t, i, 1, uint64(out[i]))
			requireOwn(t, "a new frame, mapped", &s, uint64(out[i]), true)
			requireNew(t, &s, uint64(in[i]), out[:n])
		}
		t.Equal("pages", reserved(), before)
	}
	done, result := swap(0, 0, 0, 0)
	t.OK("nothing", result)
	t.Equal("exchanged", done, 0)
	s.Remove()
}

// requireNew requires an old frame to be nobody's, if it did not come back as a new one.
func requireNew(t *pv.T, s *pv.Space, old uint64, frames []hypercall.XenPFN) {
	for _, f := range frames {
		if uint64(f) == old {
			return
		}
	}
	requireOwn(t, "an old frame, mapped", s, old, false)
}

// exchangeOrders makes one extent of many, as a driver does that needs contiguous memory, and many of one.
func exchangeOrders(t *pv.T) {
	before := reserved()
	const order, n = 3, 8
	prepare(n)
	done, result := swap(n, 1, 0, order)
	t.OK("many for one", result)
	t.Equal("exchanged", done, n)
	first := uint64(out[0])
	t.Equal("alignment of the first frame", first%n, 0)
	take(t, 0, n, first)

	in[0] = hypercall.XenPFN(first)
	for i := range uint64(n) {
		out[i] = hypercall.XenPFN(pv.SparePFN(i))
	}
	done, result = swap(1, n, order, 0)
	t.OK("one for many", result)
	t.Equal("exchanged", done, 1)
	for i := range uint64(n) {
		take(t, i, 1, uint64(out[i]))
	}

	// Below an address.
	const bits = 29
	prepare(n)
	arg := exchangeOf(n, 1, 0, order)
	arg.Out.MemFlags = bits
	t.OK("below an address", pv.MemoryOp(hypercall.XENMEM_exchange, &arg))
	first = uint64(out[0])
	t.Check((first+n)*pv.PageSize <= 1<<bits, "the frame %x is above", first)
	take(t, 0, n, first)
	t.Equal("pages", reserved(), before)
}

// exchangePartial has a frame in the midst that is not to be had.
func exchangePartial(t *pv.T) {
	var s pv.Space
	s.Install(slot)
	before := reserved()
	const n, at = 8, 5
	const mapped = 100 // a spare page
	pv.Need("map", s.Set(1, pv.FrameEntry(pv.SpareFrame(mapped), pv.RW)))
	for _, wrong := range [...]uint64{pv.MFN(s.Table(1)), pv.MFN(pv.StartInfo.PTBase), pv.SpareFrame(mapped), 1 << 38, ^uint64(0)} {
		prepare(n)
		in[at] = hypercall.XenPFN(wrong)
		done, result := swap(n, n, 0, 0)
		t.Errno("a frame that is not to be had", result, hypercall.EINVAL)
		t.Equal("exchanged", done, at)
		for i := range min(done, n) {
			take(t, i, 1, uint64(out[i]))
		}
		for i := done; i < n; i++ {
			t.Equal("the rest of the list", uint64(out[i]), pv.SparePFN(i))
		}
		t.Equal("pages", reserved(), before)
	}
	pv.Need("unmap", s.Set(1, 0))
	s.Remove()
}

// exchangeRefused has arguments that make no sense.
func exchangeRefused(t *pv.T) {
	before := reserved()
	for _, c := range [...]struct {
		what   string
		change func(*hypercall.XenMemoryExchange)
		err    hypercall.Errno
	}{
		{"more in than out", func(e *hypercall.XenMemoryExchange) { e.Out.NrExtents-- }, hypercall.EINVAL},
		{"more out than in", func(e *hypercall.XenMemoryExchange) { e.In.NrExtents-- }, hypercall.EINVAL},
		{"other sizes", func(e *hypercall.XenMemoryExchange) { e.Out.ExtentOrder = 1 }, hypercall.EINVAL},
		{"more done than there is", func(e *hypercall.XenMemoryExchange) { e.NrExchanged = e.In.NrExtents + 1 }, hypercall.EINVAL},
		{"two domains", func(e *hypercall.XenMemoryExchange) { e.Out.DomID = nobody }, hypercall.EINVAL},
		{"a domain that does not exist", func(e *hypercall.XenMemoryExchange) { e.In.DomID, e.Out.DomID = nobody, nobody }, hypercall.ESRCH},
		{"more than 32 bits count", func(e *hypercall.XenMemoryExchange) { e.In.NrExtents, e.Out.NrExtents = 1<<32, 1<<32 }, hypercall.EINVAL},
		{"a product of more than 32 bits", func(e *hypercall.XenMemoryExchange) {
			in[0] = 0 // nobody's: Xen begins with it, and is to get nowhere
			e.In.NrExtents, e.Out.NrExtents, e.In.ExtentOrder, e.Out.ExtentOrder = 1<<31, 1<<31, 1, 1
		}, hypercall.EINVAL},
		{"an enormous order", func(e *hypercall.XenMemoryExchange) { e.In.ExtentOrder, e.Out.ExtentOrder = 64, 64 }, hypercall.EPERM},
	} {
		prepare(4)
		exchangeArg = exchangeOf(4, 4, 0, 0)
		c.change(&exchangeArg)
		t.Errno(c.what, pv.MemoryOp(hypercall.XENMEM_exchange, &exchangeArg), c.err)
	}
	prepare(4)
	exchangeArg = exchangeOf(4, 4, 0, 0)
	exchangeArg.NrExchanged = 4
	t.OK("all done before", pv.MemoryOp(hypercall.XENMEM_exchange, &exchangeArg))
	for i := range uint64(4) {
		t.Equal("the list", uint64(out[i]), pv.SparePFN(i))
	}
	for _, bad := range pv.BadAddresses {
		t.Errno("an argument where nothing is", pv.MemoryOp(hypercall.XENMEM_exchange, pv.At[byte](bad)), hypercall.EFAULT)
	}
	t.Equal("pages", reserved(), before)
}

var exchangeArg hypercall.XenMemoryExchange

// exchangeRanges has lists that reach into the hypervisor. It is not enough to look at where they begin: with what is said to
// be done already, the call would go on far behind that.
func exchangeRanges(t *pv.T) {
	before := reserved()
	const hypervisor = 0xffff_8000_0000_0000
	const hypervisorEnd = 0xffff_8800_0000_0000
	good := pv.Address(&in)
	for _, c := range [...]struct {
		what    string
		in, out uint64
		n, done uint64
	}{
		{"in the hypervisor", hypervisor + 1<<40, good, 4, 0},
		{"out into the hypervisor", good, hypervisor + 1<<40, 4, 0},
		{"into the hypervisor by what is done", hypervisor - 8*4, good, 8, 4},
		{"out into the hypervisor by what is done", good, hypervisor - 8*4, 8, 4},
		{"the hypervisor's last word, in", hypervisorEnd - 8, good, 4, 0},
		{"the hypervisor's last word, out", good, hypervisorEnd - 8, 4, 0},
		{"around the end of the address space, in", ^uint64(0) - 15, good, 8, 4},
		{"around the end of the address space, out", good, ^uint64(0) - 15, 8, 4},
		{"from below the hypervisor, far", hypervisor - 1<<34, good, 1<<32 - 1, 1<<32 - 2},
		{"out from below the hypervisor, far", good, hypervisor - 1<<34, 1<<32 - 1, 1<<32 - 2},
	} {
		prepare(8)
		exchangeArg = exchangeOf(int(c.n), int(c.n), 0, 0)
		exchangeArg.In.ExtentStart = hypercall.Handle[hypercall.XenPFN](c.in)
		exchangeArg.Out.ExtentStart = hypercall.Handle[hypercall.XenPFN](c.out)
		exchangeArg.NrExchanged = c.done
		t.Errno(c.what, pv.MemoryOp(hypercall.XENMEM_exchange, &exchangeArg), hypercall.EFAULT)
		t.Equal("exchanged", exchangeArg.NrExchanged, c.done)
	}
	t.Equal("pages", reserved(), before)
}
