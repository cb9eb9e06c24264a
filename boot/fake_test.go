package boot

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
	"tuco/kernel/text"
)

// fakeMem is physical memory with holes: the pieces that a test laid down,
// and nothing else.
type fakeMem struct{ pieces []piece }

type piece struct {
	at frame.MAddr
	b  []byte
}

func (m *fakeMem) put(at frame.MAddr, b []byte) frame.MAddr {
	m.pieces = append(m.pieces, piece{at, b})
	return at
}

// putPage puts b at the start of zeroed pages.
func (m *fakeMem) putPage(at frame.MAddr, b []byte) frame.MAddr {
	page := make([]byte, (len(b)+frame.PageSize)/frame.PageSize*frame.PageSize)
	copy(page, b)
	return m.put(at, page)
}

func (m *fakeMem) Bytes(a frame.MAddr, n uint64) []byte {
	for _, p := range m.pieces {
		if a >= p.at && uint64(a-p.at) <= uint64(len(p.b)) && n <= uint64(len(p.b))-uint64(a-p.at) {
			return p.b[a-p.at:][:n:n]
		}
	}
	return nil
}

// le packs values little endian: the width is the value's own.
func le(v ...any) []byte {
	var b []byte
	for _, x := range v {
		switch x := x.(type) {
		case string:
			b = append(b, x...)
		case []byte:
			b = append(b, x...)
		case frame.MAddr:
			b = binary.LittleEndian.AppendUint64(b, uint64(x))
		case Type:
			b = binary.LittleEndian.AppendUint32(b, uint32(x))
		default:
			b, _ = binary.Append(b, binary.LittleEndian, x)
		}
	}
	return b
}

// texts renders all problems, the fatal one last.
func texts(i *Info) []string {
	var l text.Line
	var out []string
	list, _ := i.Problems()
	for _, p := range list {
		out = append(out, string(p.Text(&l)))
	}
	if p, bad := i.Fatal(); bad {
		out = append(out, "fatal: "+string(p.Text(&l)))
	}
	return out
}

const mib = 1 << 20

var image = Image{{0x100000, 0x102000}, {0x200000, 0x400000}}

func region(start, end uint64, t Type) Region {
	return Region{Range{frame.MAddr(start), frame.MAddr(end)}, t}
}

// checkInvariants is what every reader of Info relies on.
func checkInvariants(t *testing.T, i *Info) {
	t.Helper()
	if _, bad := i.Fatal(); bad {
		return
	}
	require.NotZero(t, i.RAM())
	var last Region
	for _, r := range i.Regions() {
		require.NotZero(t, r.Size())
		require.GreaterOrEqual(t, r.Start, last.End, "sorted, not overlapping")
		require.LessOrEqual(t, r.End, addrEnd)
		require.NotZero(t, r.Type)
		if r.Type == RAM {
			require.Zero(t, r.Start%frame.PageSize)
			require.Zero(t, r.End%frame.PageSize)
		}
		last = r
	}
	for k, m := range i.Modules() {
		if !m.Usable {
			continue
		}
		require.True(t, i.IsRAM(m.Range))
		require.False(t, m.overlaps(image[0]) || m.overlaps(image[1]))
		for _, o := range i.Modules()[:k] {
			require.False(t, o.Usable && o.overlaps(m.Range))
		}
	}
	for _, s := range texts(i) {
		require.NotEmpty(t, s)
		require.NotContains(t, s, "%")
	}
}
