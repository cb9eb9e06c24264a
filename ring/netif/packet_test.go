package netif_test

import (
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/netif"
)

func pair() (netif.TXFront, netif.TXBack) {
	words := make([]uint64, 512)
	memory := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 4096)
	f := ring.MakeFront[netif.TXRequest, netif.TXResponse](memory)
	return f, ring.MakeBack[netif.TXRequest, netif.TXResponse](memory)
}

func send(f *netif.TXFront, slots ...netif.TXRequest) {
	for _, s := range slots {
		f.Put(&s)
	}
	f.Push()
}

func TestPackets(t *testing.T) {
	f, b := pair()
	gso := netif.GSO{Type: netif.GSOTCPv4, Size: 1448}
	send(&f,
		netif.TXRequest{Ref: 8, Offset: 100, Size: 60, ID: 1},
		netif.TXRequest{Ref: 9, Size: 9000, ID: 2, Flags: netif.TXChecksumBlank | netif.TXExtraFollows | netif.TXMoreData},
		gso.Extra().TXSlot(),
		netif.TXRequest{Ref: 10, Size: 4096, ID: 3, Flags: netif.TXMoreData},
		netif.TXRequest{Ref: 11, Offset: 96, Size: 4000, ID: 4},
	)
	var p netif.Packet
	ok, bad, err := p.Take(&b)
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, bad)
	assert.Equal(t, []netif.Fragment{{Ref: 8, Offset: 100, Size: 60}}, p.Fragments)
	assert.Equal(t, 60, p.Size)
	p.Answer(&b, netif.StatusOK)

	ok, bad, err = p.Take(&b)
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, bad)
	assert.Equal(t, []netif.Fragment{{Ref: 9, Size: 904}, {Ref: 10, Size: 4096}, {Ref: 11, Offset: 96, Size: 4000}}, p.Fragments)
	assert.Equal(t, []any{9000, gso, true}, []any{p.Size, p.GSO, p.Flags&netif.TXChecksumBlank != 0})
	p.Answer(&b, netif.StatusDropped)
	b.Push()
	for _, want := range []netif.TXResponse{{ID: 1}, {ID: 2, Status: -2}, {Status: netif.StatusNull}, {ID: 3, Status: -2}, {ID: 4, Status: -2}} {
		var rsp netif.TXResponse
		_, ok, err := f.Take(&rsp)
		require.NoError(t, err)
		require.True(t, ok)
		assert.Equal(t, want, rsp)
	}
	ok, _, err = p.Take(&b)
	require.NoError(t, err)
	assert.False(t, ok)

	assert.Equal(t, gso, gso.Extra().RXSlot().Extra().GSO())
}

// parts is a frame of so many parts, of a byte each.
func parts(n int, flags netif.TXFlags) (all []netif.TXRequest) {
	for i := range n {
		r := netif.TXRequest{Ref: hypercall.GrantRef(i), Size: 1, ID: uint16(i), Flags: netif.TXMoreData}
		if i == 0 {
			r.Size, r.Flags = uint16(n), r.Flags|flags
		}
		if i == n-1 {
			r.Flags &^= netif.TXMoreData
		}
		all = append(all, r)
	}
	return all
}

// TestMostParts: the longest that stock Linux sends, a segment to be cut in as many parts as there may be.
func TestMostParts(t *testing.T) {
	f, b := pair()
	all := parts(netif.MinSlots, netif.TXExtraFollows)
	gso := netif.GSO{Type: netif.GSOTCPv4, Size: 1448}
	send(&f, slices.Insert(all, 1, gso.Extra().TXSlot())...)
	var p netif.Packet
	ok, bad, err := p.Take(&b)
	require.NoError(t, err)
	require.NoError(t, bad)
	assert.True(t, ok)
	assert.Len(t, p.Fragments, netif.MinSlots)
	assert.Equal(t, gso, p.GSO)
	p.Answer(&b, netif.StatusOK)
	assert.Zero(t, b.Unanswered())
}

// TestBadPackets: these frames are not sent, and the ring goes on.
func TestBadPackets(t *testing.T) {
	for name, slots := range map[string][]netif.TXRequest{
		"nothing":              {{Ref: 1}},
		"beyond the page":      {{Ref: 1, Offset: 1, Size: 4096}},
		"far beyond the page":  {{Ref: 1, Offset: 0xffff, Size: 0xffff}},
		"parts are more":       {{Size: 100, Flags: netif.TXMoreData}, {Size: 101}},
		"parts are all":        {{Size: 100, Flags: netif.TXMoreData}, {Size: 100}},
		"the first too large":  {{Size: 5000, Flags: netif.TXMoreData}, {Size: 100}},
		"an empty part":        {{Size: 100, Flags: netif.TXMoreData}, {}},
		"a part too many":      parts(netif.MinSlots+1, 0),
		"some parts too many":  parts(netif.MinSlots+6, 0),
		"unknown extra":        {{Size: 100, Flags: netif.TXExtraFollows}, netif.Extra{Type: 9}.TXSlot()},
		"multicast":            {{Size: 100, Flags: netif.TXExtraFollows}, netif.Extra{Type: netif.ExtraMulticastAdd}.TXSlot()},
		"unknown segmentation": {{Size: 100, Flags: netif.TXExtraFollows}, netif.GSO{Type: 3, Size: 1000}.Extra().TXSlot()},
		"cut to nothing":       {{Size: 100, Flags: netif.TXExtraFollows}, netif.GSO{Type: 1}.Extra().TXSlot()},
	} {
		f, b := pair()
		send(&f, append(slots, netif.TXRequest{Size: 50})...)
		var p netif.Packet
		ok, bad, err := p.Take(&b)
		require.NoError(t, err, name)
		assert.True(t, ok, name)
		assert.Error(t, bad, name)
		p.Answer(&b, netif.StatusError)
		ok, bad, err = p.Take(&b)
		require.NoError(t, err, name)
		assert.True(t, ok && bad == nil, name)
		p.Answer(&b, netif.StatusOK)
		assert.Zero(t, b.Unanswered(), name)
	}
}

// TestChains: after these nobody knows where a frame begins.
func TestChains(t *testing.T) {
	more := netif.TXRequest{Size: 1000, Flags: netif.TXMoreData}
	var long, extras []netif.TXRequest
	extras = append(extras, netif.TXRequest{Size: 1000, Flags: netif.TXExtraFollows})
	for range 30 {
		long = append(long, more)
		extras = append(extras, netif.Extra{Type: netif.ExtraGSO, Flags: netif.ExtraMore}.TXSlot())
	}
	for name, slots := range map[string][]netif.TXRequest{
		"no more": {more}, "no extra": {{Size: 1, Flags: netif.TXExtraFollows}}, "endless": long, "endless extras": extras,
	} {
		f, b := pair()
		send(&f, slots...)
		var p netif.Packet
		_, _, err := p.Take(&b)
		assert.ErrorIs(t, err, netif.ErrChain, name)
	}
}

// FuzzTake: whatever stands in the slots, a frame's parts lie in pages and add up, and each slot gets an answer.
func FuzzTake(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 50, 0})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 100, 0, 1, 0, 100, 0, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		front, back := pair()
		for ; len(data) >= 12 && front.Free() > 0; data = data[12:] {
			var r netif.TXRequest
			copy(unsafe.Slice((*byte)(unsafe.Pointer(&r)), 12), data)
			front.Put(&r)
		}
		front.Push()
		var p netif.Packet
		for {
			before := back.Unanswered()
			ok, bad, err := p.Take(&back)
			if !ok || err != nil {
				return
			}
			if bad == nil {
				sum := 0
				for _, f := range p.Fragments {
					require.Positive(t, f.Size)
					require.LessOrEqual(t, f.Offset+f.Size, 4096)
					sum += f.Size
				}
				require.Equal(t, p.Size, sum)
				require.LessOrEqual(t, sum, netif.MaxTXSize)
			}
			p.Answer(&back, netif.StatusOK)
			require.Equal(t, before, back.Unanswered())
		}
	})
}
