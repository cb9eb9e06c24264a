package hypercall

import (
	"go/types"
	"math"
	"testing"
	"testing/quick"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestErrnoNames(t *testing.T) {
	named := 0
	for _, name := range errnoNames[1:] {
		if name != "" {
			named++
		}
	}
	s := load(t)
	for _, name := range s.scope.Names() {
		if c, ok := s.scope.Lookup(name).(*types.Const); ok && c.Type().String() == "tuco/hypercall.Errno" {
			assert.Equal(t, name, Errno(value(t, c)).String())
			named--
		}
	}
	assert.Zero(t, named, "names without a constant")
	assert.Equal(t, "success", Errno(0).String())
	assert.Equal(t, "unknown errno", Errno(4).String())
	assert.Equal(t, "unknown errno", Errno(math.MaxInt32).String())
	assert.Equal(t, "unknown errno", Errno(math.MinInt32).String())
}

func TestResult(t *testing.T) {
	assert.Equal(t, uint64(0), Errno(0).Result())
	assert.Equal(t, uint64(0xffff_ffff_ffff_ffda), ENOSYS.Result())
	assert.Equal(t, ENOSYS, Failed(ENOSYS.Result()))
	for _, none := range []uint64{0, 1, 1 << 63, math.MaxUint64 - 4095, 0xffff_ffda} {
		assert.Zero(t, Failed(none), "%#x", none)
	}
	assert.Equal(t, Errno(4095), Failed(math.MaxUint64-4094))
}

func TestHandleArray(t *testing.T) {
	start, length, ok := Handle[MMUUpdate](0x1000).Array(3)
	require.True(t, ok)
	assert.Equal(t, uint64(0x1000), start)
	assert.Equal(t, uint64(48), length)
	assert.Equal(t, Handle[MMUUpdate](0x1020), Handle[MMUUpdate](0x1000).At(2))

	_, _, ok = Handle[MMUUpdate](0).Array(1 << 60)
	assert.False(t, ok, "16 << 60 wraps to 0")
	_, _, ok = Handle[uint64](math.MaxUint64 - 7).Array(1)
	assert.False(t, ok, "the end wraps to 0")
	_, _, ok = Handle[byte](math.MaxUint64).Array(0)
	assert.True(t, ok)

	require.NoError(t, quick.Check(func(h, n uint64) bool {
		start, length, ok := Handle[[12]byte](h).Array(n)
		fits := n <= math.MaxUint64/12 && h <= math.MaxUint64-12*n
		return ok == fits && (!ok || start == h && length == 12*n)
	}, nil))
}

func TestForeignDom(t *testing.T) {
	f := ForeignDom(0x0008_7ff1)
	assert.Equal(t, DOMID_IO, f.Frames())
	id, named := f.Tables()
	assert.Equal(t, DomID(7), id)
	assert.True(t, named)
	_, named = ForeignDom(3).Tables()
	assert.False(t, named)
	id, named = ForeignDom(0x1_0000).Tables()
	assert.Equal(t, DomID(0), id)
	assert.True(t, named)
}

// The words of an update ring are where its structure has them, and what guests write shares no cache line with what they read.
func TestTucoRing(t *testing.T) {
	var r TucoRing
	for word, offset := range map[uintptr]uintptr{
		TucoRingProd: unsafe.Offsetof(r.Prod), TucoRingCons: unsafe.Offsetof(r.Cons),
		TucoRingRefused: unsafe.Offsetof(r.Refused), TucoRingState: unsafe.Offsetof(r.State),
	} {
		assert.Equal(t, offset, 8*word)
	}
	const line, page = 64, 4096
	assert.NotEqual(t, unsafe.Offsetof(r.Prod)/line, unsafe.Offsetof(r.Cons)/line)
	assert.Equal(t, uintptr(page), TucoRingSlots*unsafe.Sizeof(MMUUpdate{}))
	assert.Zero(t, TUCORING_refused&mmuCommands)
	assert.Less(t, TUCORING_refused, 8)
}

func TestMMUUpdate(t *testing.T) {
	u := MMUUpdate{Ptr: 0x1234_5006}
	assert.Equal(t, uint8(MMU_PT_UPDATE_PRESERVE_AD), u.Cmd())
	assert.Equal(t, uint64(0x1234_5004), u.Addr())
}

func TestUVMFlags(t *testing.T) {
	assert.Equal(t, UVMF_INVLPG, (UVMF_INVLPG | UVMF_ALL).Type())
	assert.Equal(t, UVMF_ALL, (UVMF_INVLPG | UVMF_ALL).Where())
	assert.Equal(t, UVMF_LOCAL, UVMF_TLB_FLUSH.Where())
	assert.Equal(t, Handle[uint64](0xffff_8880_0000_1238), (UVMFlags(0xffff_8880_0000_1238) | UVMF_TLB_FLUSH).VCPUMask())
}

func TestMMUExtOp(t *testing.T) {
	o := MMUExtOp{Arg1: 0x1_2345_6789, Arg2: 0x8_0000_0010}
	assert.Equal(t, XenPFN(0x1_2345_6789), o.MFN())
	assert.Equal(t, uint64(0x1_2345_6789), o.LinearAddr())
	assert.Equal(t, uint32(0x10), o.NrEnts())
	assert.Equal(t, Handle[uint64](0x8_0000_0010), o.VCPUMask())
	assert.Equal(t, XenPFN(0x8_0000_0010), o.SrcMFN())
}

func TestTrapInfo(t *testing.T) {
	var x TrapInfo
	x.SetFlags(3, true)
	assert.Equal(t, uint8(7), x.Flags)
	assert.Equal(t, uint8(3), x.DPL())
	assert.True(t, x.MasksEvents())
	x.SetFlags(4, false)
	assert.Zero(t, x.Flags, "a level of more than two bits spoils no other bit")
}

func TestSetDom0Console(t *testing.T) {
	var s StartInfo
	s.SetDom0Console(0x430, 0x24)
	assert.Equal(t, XenPFN(0x24_0000_0430), s.ConsoleMFN)
}

func TestEvtchnPeer(t *testing.T) {
	p := PeerDomain(5, 9)
	assert.Equal(t, DomID(5), p.Domain())
	assert.Equal(t, Port(9), p.Port())
	assert.Equal(t, uint32(VIRQ_CONSOLE), PeerIRQ(VIRQ_CONSOLE).IRQ())
}

func TestXenMemFlags(t *testing.T) {
	f := XenMemFlags(32) | 3<<8 | XENMEMF_exact_node_request
	assert.Equal(t, uint8(32), f.AddressBits())
	node, ok := f.Node()
	assert.True(t, ok)
	assert.Equal(t, uint8(2), node)
	_, ok = XenMemFlags(32).Node()
	assert.False(t, ok)
}

func TestGnttabCopyPtr(t *testing.T) {
	p := GnttabCopyPtr{U: 0x7_0000_0008}
	assert.Equal(t, GrantRef(8), p.Ref())
	assert.Equal(t, XenPFN(0x7_0000_0008), p.GMFN())
}

func TestE820(t *testing.T) {
	e := MakeE820(0x10_0000, 0x1234_5678_9000, E820RAM)
	assert.Equal(t, uint64(0x10_0000), e.Addr())
	assert.Equal(t, uint64(0x1234_5678_9000), e.Size())
	assert.Equal(t, uint32(E820RAM), e.Type())
	assert.Equal(t, E820Entry{2: 0x10, 9: 0x90, 10: 0x78, 11: 0x56, 12: 0x34, 13: 0x12, 16: 1}, e)
}
