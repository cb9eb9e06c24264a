package ptab

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
)

// model is an address space as a sorted list of segments.
type model []segment

// in tells how much of a range is mapped: none, some or all.
func (x model) in(v frame.VAddr, n uint64) (covered uint64) {
	for _, s := range x {
		lo, hi := max(v, s.at), min(v+frame.VAddr(n<<12), s.at+frame.VAddr(s.n<<12))
		if lo < hi {
			covered += uint64(hi-lo) >> 12
		}
	}
	return
}

// without cuts a range out, and returns the pieces cut out as well.
func (x model) without(v frame.VAddr, n uint64) (rest, cut model) {
	end := v + frame.VAddr(n<<12)
	part := func(s segment, from, to frame.VAddr) segment {
		from, to = max(from, s.at), min(to, s.at+frame.VAddr(s.n<<12))
		if from >= to {
			return segment{}
		}
		return segment{from, s.m + frame.MFN((from-s.at)>>12), uint64(to-from) >> 12, s.flags}
	}
	for _, s := range x {
		for _, p := range []segment{part(s, 0, v), part(s, end, ^frame.VAddr(0))} {
			if p.n != 0 {
				rest = append(rest, p)
			}
		}
		if p := part(s, v, end); p.n != 0 {
			cut = append(cut, p)
		}
	}
	return
}

func (x model) with(all ...segment) model {
	x = append(x, all...)
	slices.SortFunc(x, func(a, b segment) int {
		if a.at < b.at {
			return -1
		}
		return 1
	})
	var joined []segment
	for _, s := range x {
		joined = join(joined, s)
	}
	return joined
}

// FuzzSpace plays operations of eight bytes each on a space and its model. The
// processor is played by walk, which is written from the manuals.
func FuzzSpace(f *testing.F) {
	// op, size limit, flags, address: unit, count, n: unit, count, frame
	f.Add([]byte{0, 2, 0, 2, 1, 2, 1, 0, 1, 0, 0, 1, 3, 0, 5, 0})
	f.Add([]byte{0, 1, 1, 1, 1, 1, 9, 1, 2, 0, 3, 0, 7, 0, 3, 0, 0, 2, 2, 0, 7, 0, 2, 9})
	f.Add([]byte{0, 2, 3, 2, 3, 2, 2, 8, 1, 0, 0, 0, 1, 1, 1, 0, 0, 2, 1, 0, 1, 1, 1, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8*64 {
			return
		}
		s, memory := newSpace(t, Size1G)
		var want model
		unit := func(b byte) uint64 { return uint64(1) << (9 * (b % 3)) }
		choices := []Flags{Data, Const, Text, Device, Const | PAT, Data | PAT, Writable}
		for ; len(data) >= 8; data = data[8:] {
			limit, flags := Size(data[1]%3), choices[int(data[2])%len(choices)]
			v := base + frame.VAddr(unit(data[3])*uint64(data[4]%64)<<12) + frame.VAddr(data[3]/3%4)<<12
			n := min(unit(data[5])*uint64(data[6]%32), 4*oneG)
			if limit == Size4K {
				n = min(n, 2*twoM)
			}
			m := frame.MFN(unit(data[7]) * uint64(data[7]/3))
			covered := want.in(v, n)
			switch data[0] % 3 {
			case 0:
				r := s.Map(v, m, n, flags, limit)
				switch {
				case n == 0:
					require.Equal(t, BadRange, r)
				case flags == Writable:
					require.Equal(t, WriteExecute, r)
				case covered != 0:
					require.Equal(t, Exists, r)
				default:
					require.Equal(t, OK, r)
					want = want.with(segment{v, m, n, flags})
				}
			case 1:
				r := s.Unmap(v, n)
				switch {
				case n == 0:
					require.Equal(t, BadRange, r)
				case covered != n:
					require.Equal(t, NotMapped, r)
				default:
					require.Equal(t, OK, r)
					rest, _ := want.without(v, n)
					want = rest.with()
				}
			case 2:
				r := s.Protect(v, n, flags)
				switch {
				case flags == Writable:
					require.Equal(t, WriteExecute, r)
				case n == 0:
					require.Equal(t, BadRange, r)
				case covered != n:
					require.Equal(t, NotMapped, r)
				default:
					require.Equal(t, OK, r)
					rest, cut := want.without(v, n)
					for i := range cut {
						cut[i].flags = flags
					}
					want = rest.with(cut...)
				}
			}
			require.Equal(t, []segment(want), s.segments())
		}
		for _, x := range want {
			for _, i := range []uint64{0, x.n / 3, x.n - 1} {
				got, ok := memory.walk(s.Root, uint64(x.at)+i<<12)
				require.True(t, ok)
				require.Equal(t, uint64(x.m)<<12+i<<12, got.address)
				require.Equal(t, x.flags&Writable != 0, got.write)
				require.Equal(t, x.flags&NoExecute == 0, got.execute)
				require.Equal(t, uint64(x.flags>>3&3|x.flags>>12&1<<2), got.pat)
				require.False(t, got.user || got.write && got.execute)
			}
		}
		r := s.Audit()
		require.Zero(t, r.WriteExecute)
	})
}

func BenchmarkMapDirect(b *testing.B) {
	for b.Loop() {
		s, _ := newSpace(b, Size2M)
		s.MapDirect(base, frame.Between(0, oneG), []frame.Range{frame.Between(512, 700)}, Size2M)
		r := s.Audit()
		require.True(b, r.Clean())
	}
}
