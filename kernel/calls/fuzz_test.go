package calls

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// FuzzMemory makes calls about memory of whatever the input says. None of them is
// a bug, none touches the other domain, and when the first is taken apart no frame
// is left over.
func FuzzMemory(f *testing.F) {
	for _, seed := range []string{
		"\x00\x01\x02\x03\x04\x05\x06\x07", "pin, unpin, map and exchange whatever there is",
		"\x01\x03\x04\x05\x01\x04\x04\x05\x02\x06\x10\x20\x02\x01\x11\x12\x03\x0b\x00\x01\x00\x02\x04\x05\x06",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		g, other := newGuest(t, false), newGuest(t, false)
		theirs := references(other.pages[0])
		in := source(input)
		for n := 0; n < 64 && len(in) > 0; n++ {
			g.fuzz(&in, other)
		}
		assert.Equal(t, theirs, references(other.pages[0]))
		assert.LessOrEqual(t, g.d.Pages.Load(), g.d.MaxPages.Load())
	})
}

// source is where choices come from; when it is empty all are the first.
type source []byte

func (s *source) pick(n int) int {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return int(b) % n
}

func (s *source) word() (w uint64) {
	var b [8]byte
	*s = (*s)[copy(b[:], *s):]
	return binary.LittleEndian.Uint64(b[:])
}

// frame is one of either domain's, or any number.
func (g *guest) frame(in *source, other *guest) frame.MFN {
	// Not the page with the lists, which the guest would only lose.
	own := append([]frame.MFN{g.l1, g.l2, g.l3, g.l4, hypervisorFrame, other.pages[0], other.l1, 1 << 20}, g.pages[1:]...)
	if n := in.pick(len(own) + 2); n < len(own) {
		return own[n]
	}
	return frame.MFN(in.word() % (2 * ram))
}

// entry is a page-table entry of one of those.
func (g *guest) anyEntry(in *source, other *guest) uint64 {
	flags := []pagetype.PTE{0, leaf, table, leaf | pagetype.NoExecute, table | pagetype.Large, 1 << 60, pagetype.RW, leaf | pagetype.Global}
	return uint64(pagetype.MakePTE(g.frame(in, other), flags[in.pick(len(flags))]))
}

// fuzz makes a call. Everything about the first page stays: it holds the lists.
func (g *guest) fuzz(in *source, other *guest) {
	safe := func(m frame.MFN, i int) bool { // an entry that does not lead to the first page
		return m != g.l1 && m != g.l2 && m != g.l3 && m != g.l4 || m == g.l1 && i > 20 || m != g.l1 && i > 0 && i != 272
	}
	switch in.pick(4) {
	case 0:
		var list []uint64
		for range 1 + in.pick(6) {
			if m, i := g.frame(in, other), in.pick(256)*2; safe(m, i) {
				list = append(list, slot(m, i)|uint64(in.pick(5)), g.anyEntry(in, other))
			}
		}
		g.call(mmuUpdateCall, g.write(64, list), uint64(len(list)/2), g.at(0), []uint64{self, uint64(hypercall.DOMID_IO), 5, in.word()}[in.pick(4)])
	case 1:
		var list []hypercall.MMUExtOp
		for range 1 + in.pick(6) {
			op := hypercall.MMUExtOp{Cmd: uint32(in.pick(20)), Arg1: uint64(g.frame(in, other)), Arg2: uint64(g.frame(in, other))}
			switch op.Cmd {
			case hypercall.MMUEXT_NEW_BASEPTR, hypercall.MMUEXT_NEW_USER_BASEPTR, hypercall.MMUEXT_TLB_FLUSH_LOCAL,
				hypercall.MMUEXT_INVLPG_LOCAL, hypercall.MMUEXT_INVLPG_ALL, hypercall.MMUEXT_INVLPG_MULTI, hypercall.MMUEXT_SET_LDT:
				continue // these need a container
			}
			list = append(list, op)
		}
		g.call(mmuextCall, g.write(64, list), uint64(len(list)), g.at(0), self)
	case 2:
		cmd := []uint64{
			hypercall.XENMEM_increase_reservation, hypercall.XENMEM_decrease_reservation, hypercall.XENMEM_populate_physmap,
		}[in.pick(3)]
		var frames []uint64
		for range 1 + in.pick(8) {
			if m := g.frame(in, other); m != g.pages[0] {
				frames = append(frames, uint64(m))
			}
		}
		g.call(memoryCall, cmd, g.reservation(side{ExtentOrder: uint32(in.pick(4))}, frames...))
	case 3:
		var frames []uint64
		for range 1 + in.pick(8) {
			frames = append(frames, uint64(g.frame(in, other)))
		}
		x := hypercall.XenMemoryExchange{In: side{ExtentOrder: uint32(in.pick(3))}, Out: side{ExtentOrder: uint32(in.pick(3))}}
		x.NrExchanged = uint64(in.pick(2))
		n := len(frames) << x.In.ExtentOrder >> x.Out.ExtentOrder
		g.exchange(x, frames, make([]uint64, n))
	}
}
