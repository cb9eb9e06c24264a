package ptab

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
)

const (
	base = frame.VAddr(0xffff_8000_0000_0000)
	twoM = 512
	oneG = 512 * 512
)

func TestPTE(t *testing.T) {
	p := MakePTE(frame.NoMFN, Present)
	assert.EqualValues(t, 0x000f_ffff_ffff_f001, p, "a frame reaches no flag")
	p = MakePTE(0, ^Flags(0))
	assert.EqualValues(t, uint64(0xfff0_0000_0000_0fff), p, "flags reach no frame")
	assert.EqualValues(t, 0x12345023, MakeTable(0x12345))
	assert.False(t, PTE(0xfffe).Present())

	tests := []struct {
		name string
		m    frame.MFN
		f    Flags
		size Size
		want PTE
	}{
		{"text", 0x200, Text, Size4K, 0x200161},
		{"constants", 0x200, Const, Size4K, 0x8000_0000_0020_0161},
		{"data", 0x200, Data, Size4K, 0x8000_0000_0020_0163},
		{"device", 0xfee00, Device, Size4K, 0x8000_0000_fee0_017b},
		{"large", 0x200, Data, Size2M, 0x8000_0000_0020_01e3},
		{"huge", 0x40000, Data, Size1G, 0x8000_0000_4000_01e3},
		{"PAT of a small page", 0x200, Const | PAT, Size4K, 0x8000_0000_0020_01e1},
		{"PAT of a large page", 0x200, Const | PAT, Size2M, 0x8000_0000_0020_11e1},
		{"frame rounded down", 0x3ff, Const, Size2M, 0x8000_0000_0020_01e1},
		{"not the caller's flags", 0x200, User | Large | NoExecute, Size4K, 0x8000_0000_0020_0061},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := MakeLeaf(test.m, test.f, test.size)
			assert.Equal(t, test.want, got, "%#x", uint64(got))
			assert.Equal(t, test.f&mappable, got.Flags(test.size))
			assert.Equal(t, test.m&^frame.MFN(test.size.Frames()-1), got.MFN(test.size))
		})
	}
}

func TestMapSizes(t *testing.T) {
	tests := []struct {
		name       string
		v          frame.VAddr
		m          frame.MFN
		n          uint64
		cpu, limit Size
		want       [Sizes]uint64
	}{
		{"one page", base, 5, 1, Size1G, Size1G, [Sizes]uint64{1}},
		{"one large", base, twoM, twoM, Size1G, Size1G, [Sizes]uint64{0, 1}},
		{"one huge", base, oneG, oneG, Size1G, Size1G, [Sizes]uint64{0, 0, 1}},
		{"small ends", base + 511<<12, 511, 1 + twoM + 3, Size1G, Size1G, [Sizes]uint64{4, 1}},
		{"large ends", base + 511<<21, 511 * twoM, 2*twoM + oneG, Size1G, Size1G, [Sizes]uint64{0, 2, 1}},
		{"frames out of step", base, 1, twoM, Size1G, Size1G, [Sizes]uint64{512}},
		{"frames out of step by a large page", base, twoM, oneG, Size1G, Size1G, [Sizes]uint64{0, 512}},
		{"no huge pages in the processor", base, 0, oneG, Size2M, Size1G, [Sizes]uint64{0, 512}},
		{"no large pages wanted", base, 0, 2 * twoM, Size1G, Size4K, [Sizes]uint64{1024}},
		{"a size that there is not", base, 0, oneG, Size(9), Size(9), [Sizes]uint64{0, 0, 1}},
		{"end of the lower half", 0x7fff_ffff_f000, 1, 1, Size1G, Size1G, [Sizes]uint64{1}},
		{"end of the upper half", 0xffff_ffff_ffff_f000, 1, 1, Size1G, Size1G, [Sizes]uint64{1}},
		{"last huge page", 0xffff_ffff_c000_0000, oneG, oneG, Size1G, Size1G, [Sizes]uint64{0, 0, 1}},
		{"across roots' entries", base + 1<<39 - 1<<30, 0, 2 * oneG, Size1G, Size1G, [Sizes]uint64{0, 0, 2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, memory := newSpace(t, test.cpu)
			require.Equal(t, OK, s.Map(test.v, test.m, test.n, Data, test.limit))
			r := s.Audit()
			assert.Equal(t, test.want, r.Pages)
			assert.Equal(t, []segment{{test.v, test.m, test.n, Data}}, s.segments())
			for _, i := range []uint64{0, 1, test.n / 2, test.n - 1} {
				if i >= test.n {
					continue
				}
				v := test.v + frame.VAddr(i<<12) + 0x123
				x, ok := memory.walk(s.Root, uint64(v))
				require.True(t, ok)
				assert.Equal(t, uint64(test.m)<<12+i<<12+0x123, x.address)
				assert.True(t, x.write && x.global && !x.execute && !x.user)
				got, ok := s.Lookup(v)
				require.True(t, ok)
				assert.Equal(t, Mapping{test.m + frame.MFN(i), Data, got.Size}, got)
				assert.Equal(t, x.pageBits, 12+9*uint(got.Size))
			}
			require.Equal(t, OK, s.Unmap(test.v, test.n))
			assert.Empty(t, s.segments())
		})
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name string
		v    frame.VAddr
		m    frame.MFN
		n    uint64
		f    Flags
		want Result
	}{
		{"unaligned", base + 1, 0, 1, Data, BadRange},
		{"nothing", base, 0, 0, Data, BadRange},
		{"not canonical", 0x8000_0000_0000, 0, 1, Data, BadRange},
		{"not canonical, upper", 0xffff_7fff_ffff_f000, 0, 1, Data, BadRange},
		{"into the gap", 0x7fff_ffff_f000, 0, 2, Data, BadRange},
		{"across the gap", 0x7fff_ffff_f000, 0, 1 << 36, Data, BadRange},
		{"round the end", 0xffff_ffff_ffff_f000, 0, 2, Data, BadRange},
		{"more than there is", base, 0, 1<<35 + 1, Data, BadRange},
		{"a count that overflows", base, 0, 1 << 52, Data, BadRange},
		{"no such frame", base, 1 << 40, 1, Data, BadRange},
		{"frames past the last", base, 1<<40 - 1, 2, Data, BadRange},
		{"frames that overflow", base, frame.NoMFN, 2, Data, BadRange},
		{"writable and executable", base, 0, 1, Writable, WriteExecute},
		{"the same, with more", base, 0, 1, Writable | Global | Uncached | PAT, WriteExecute},
		{"user", base, 0, 1, Data | User, BadFlags},
		{"present is not a choice", base, 0, 1, Data | Present, BadFlags},
		{"a bit of the frame", base, 0, 1, Data | 1<<13, BadFlags},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, memory := newSpace(t, Size1G)
			assert.Equal(t, test.want, s.Map(test.v, test.m, test.n, test.f, Size1G), test.want)
			assert.Empty(t, s.segments())
			assert.Len(t, memory.tables, 1)
			if test.want != BadRange {
				require.Equal(t, OK, s.Map(base, 0, 1, Const, Size4K))
				assert.Equal(t, test.want, s.Protect(base, 1, test.f))
				assert.Equal(t, []segment{{base, 0, 1, Const}}, s.segments())
			} else if test.m == 0 {
				assert.Equal(t, BadRange, s.Unmap(test.v, test.n))
				assert.Equal(t, BadRange, s.Protect(test.v, test.n, Data))
			}
		})
	}
}

// Nothing is overwritten, and a refusal changes nothing.
func TestExists(t *testing.T) {
	for _, size := range []Size{Size4K, Size2M, Size1G} {
		s, _ := newSpace(t, Size1G)
		at := base + 1<<30
		require.Equal(t, OK, s.Map(at, 0, oneG, Const, size))
		before := s.segments()
		n := uint64(1 << 18)
		assert.Equal(t, Exists, s.Map(at, 0, 1, Data, Size4K))
		assert.Equal(t, Exists, s.Map(at+1<<30-1<<12, 0, 2, Data, Size4K))
		assert.Equal(t, Exists, s.Map(at-1<<12, 0, 2, Data, Size4K))
		assert.Equal(t, Exists, s.Map(base, 0, 3*n, Data, Size1G))
		assert.Equal(t, before, s.segments())
		assert.Equal(t, OK, s.Map(base, 0, n, Data, Size1G))
		assert.Equal(t, OK, s.Map(at+1<<30, 0, n, Data, Size1G))
	}
}

func TestNotMapped(t *testing.T) {
	s, _ := newSpace(t, Size1G)
	require.Equal(t, OK, s.Map(base, 0, twoM, Const, Size2M))
	require.Equal(t, OK, s.Map(base+3<<21, 0, twoM, Const, Size4K))
	before := s.segments()
	for _, n := range []uint64{twoM + 1, 2 * twoM, 3*twoM + 1, 4 * twoM} {
		assert.Equal(t, NotMapped, s.Unmap(base, n))
		assert.Equal(t, NotMapped, s.Protect(base, n, Data))
	}
	assert.Equal(t, NotMapped, s.Unmap(base-1<<12+1<<21+1<<12, 1))
	assert.Equal(t, before, s.segments())
	_, ok := s.Lookup(base + 1<<21)
	assert.False(t, ok)
	_, ok = s.Lookup(0x8000_0000_0000)
	assert.False(t, ok, "not canonical")
}

// A page in the middle of a large one is cut out, and the rest stays as large
// as it can be, with its flags and cache attributes.
func TestSplit(t *testing.T) {
	odd := Const | PAT | WriteThrough
	for _, size := range []Size{Size2M, Size1G} {
		s, memory := newSpace(t, Size1G)
		require.Equal(t, OK, s.Map(base, oneG, oneG, odd, size))
		hole := base + 5<<21 + 7<<12
		require.Equal(t, OK, s.Unmap(hole, 2))
		r := s.Audit()
		assert.Equal(t, [Sizes]uint64{510, 511, 0}, r.Pages)
		assert.Equal(t, []segment{
			{base, oneG, 5*twoM + 7, odd},
			{hole + 2<<12, oneG + 5*twoM + 9, oneG - 5*twoM - 9, odd},
		}, s.segments())
		for _, v := range []frame.VAddr{base, base + 5<<21, hole + 2<<12, base + 1<<30 - 1} {
			x, ok := memory.walk(s.Root, uint64(v))
			require.True(t, ok)
			assert.EqualValues(t, 1<<30+v-base, x.address)
			assert.EqualValues(t, 5, x.pat)
		}
		require.Equal(t, OK, s.Map(hole, 1, 2, Data, Size1G))
		require.Equal(t, OK, s.Protect(hole-1<<12, 4, Text))
		x, _ := memory.walk(s.Root, uint64(hole-1<<12))
		assert.True(t, x.execute && !x.write)
		assert.EqualValues(t, 0, x.pat)
	}
}

// Whole large pages are not split.
func TestProtectWhole(t *testing.T) {
	s, memory := newSpace(t, Size1G)
	require.Equal(t, OK, s.Map(base, 0, 2*oneG, Data, Size1G))
	tables := len(memory.tables)
	require.Equal(t, OK, s.Protect(base, oneG, Const))
	assert.Len(t, memory.tables, tables)
	assert.Equal(t, []segment{{base, 0, oneG, Const}, {base + 1<<30, oneG, oneG, Data}}, s.segments())
}

// With too few frames for tables, nothing changes but the tables themselves.
func TestNoMemory(t *testing.T) {
	s, memory := newSpace(t, Size1G)
	require.Equal(t, OK, s.Map(base, 0, oneG, Data, Size1G))
	before := s.segments()
	hole := base + 5<<21 + 7<<12
	ops := []struct {
		name string
		need int
		op   func() Result
	}{
		{"unmap", 3, func() Result { return s.Unmap(hole, twoM) }}, // one of 2 MiB pages, two of 4 KiB
		{"protect", 3, func() Result { return s.Protect(hole+1<<29, twoM, Const) }},
		{"map", 2 + 3, func() Result { return s.Map(base+511<<30+511<<21, 0, 2*twoM+1, Const, Size4K) }},
	}
	for _, op := range ops {
		tried := 0
		for {
			memory.left = tried
			had := len(memory.tables)
			r := op.op()
			if r == OK {
				break
			}
			require.Equal(t, NoMemory, r)
			require.Equal(t, before, s.segments(), op.name)
			require.Equal(t, tried, len(memory.tables)-had)
			tried = 1
		}
		assert.NotZero(t, tried, op.name)
		assert.NotEqual(t, before, s.segments())
		before = s.segments()
		memory.left = 1 << 30
	}
	memory.left = 0
	assert.Equal(t, NoMemory, new(Space).Init(memory, Size4K))
}

// A table left behind by Unmap is used again, with pages that fit below it.
func TestEmptyTableStays(t *testing.T) {
	s, memory := newSpace(t, Size1G)
	require.Equal(t, OK, s.Map(base, 0, 1, Data, Size1G))
	require.Equal(t, OK, s.Unmap(base, 1))
	tables := len(memory.tables)
	require.Equal(t, OK, s.Map(base, 0, oneG, Data, Size1G))
	assert.Len(t, memory.tables, tables)
	r := s.Audit()
	assert.Equal(t, [Sizes]uint64{512, 511, 0}, r.Pages)
}

func TestMapDirect(t *testing.T) {
	const image = 2<<8 + 16 // frames; text begins here
	text, constants := frame.Between(image, image+100), frame.Between(image+100, image+150)
	sealed := []frame.Range{constants, text, frame.Between(0x4100, 0x4100)} // in any order; an empty one
	s, _ := newSpace(t, Size2M)
	require.Equal(t, OK, s.MapDirect(base, frame.Between(0, 0x9f), sealed, Size2M))
	require.Equal(t, OK, s.MapDirect(base, frame.Between(0x100, 0x10000), sealed, Size2M))
	require.Equal(t, OK, s.Map(0xffff_ffff_8000_0000, image, 100, Text, Size4K))
	direct := func(m frame.MFN) frame.VAddr { return base + frame.VAddr(m.Addr()) }
	assert.Equal(t, []segment{
		{base, 0, 0x9f, Data},
		{direct(0x100), 0x100, image - 0x100, Data},
		{direct(image), image, 150, Const},
		{direct(image + 150), image + 150, 0x10000 - image - 150, Data},
		{0xffff_ffff_8000_0000, image, 100, Text},
	}, s.segments())
	r := s.Audit()
	assert.True(t, r.Clean())
	assert.EqualValues(t, 0x10000/twoM-2, r.Pages[Size2M], "all but the first and the image's")
	_, alias := s.WritableAlias(constants)
	assert.False(t, alias)
	assert.Equal(t, Exists, s.MapDirect(base, frame.Between(0x8000, 0x8001), nil, Size2M))
	assert.Equal(t, OK, s.MapDirect(base, frame.Between(0x20000, 0x20000), sealed, Size2M), "nothing to map")
}

func TestAudit(t *testing.T) {
	corrupt := func(t *testing.T, s *Space, v frame.VAddr, level Size, f func(uint64) uint64) {
		table := s.Root
		for l := rootLevel; ; l-- {
			e := &s.memory.Table(table)[l.index(v)]
			if l == level {
				e.Store(f(e.Load()))
				return
			}
			table = PTE(e.Load()).MFN(Size4K)
		}
	}
	set := func(bits Flags) func(uint64) uint64 { return func(e uint64) uint64 { return e | uint64(bits) } }
	clear := func(bits Flags) func(uint64) uint64 { return func(e uint64) uint64 { return e &^ uint64(bits) } }
	const text = frame.VAddr(0xffff_ffff_8020_0000)
	build := func(t *testing.T) *Space {
		s, _ := newSpace(t, Size1G)
		require.Equal(t, OK, s.MapDirect(base, frame.Between(0, 4*oneG), []frame.Range{frame.Between(512, 1536)}, Size1G))
		require.Equal(t, OK, s.Map(text, 512, 513, Text, Size2M))
		require.Equal(t, OK, s.Map(text+1<<30-1<<22, 1025, 3, Text, Size2M))
		return s
	}
	s := build(t)
	r := s.Audit()
	require.True(t, r.Clean(), r)
	assert.Equal(t, [Sizes]uint64{4, 510 + 2 + 1, 3}, r.Pages)

	tests := []struct {
		name  string
		harm  func(t *testing.T, s *Space)
		check func(t *testing.T, r Report)
	}{
		{"text made writable", func(t *testing.T, s *Space) {
			corrupt(t, s, text, Size2M, set(Writable))
		}, func(t *testing.T, r Report) {
			assert.EqualValues(t, 1, r.WriteExecute)
			assert.Equal(t, text, r.WXAt)
		}},
		{"data made executable", func(t *testing.T, s *Space) {
			corrupt(t, s, base+2<<30, Size1G, clear(NoExecute))
			corrupt(t, s, base+3<<30, Size1G, clear(NoExecute))
		}, func(t *testing.T, r Report) {
			assert.EqualValues(t, 2, r.WriteExecute)
			assert.Equal(t, base+2<<30, r.WXAt)
		}},
		{"text writable through the direct map", func(t *testing.T, s *Space) {
			require.Equal(t, OK, s.Protect(base+4<<20, 1, Data))
		}, func(t *testing.T, r Report) {
			assert.EqualValues(t, 1, r.Aliases)
			assert.Equal(t, base+4<<20, r.AliasAt)
			assert.Zero(t, r.WriteExecute)
		}},
		{"the last frame of the last text", func(t *testing.T, s *Space) {
			require.Equal(t, OK, s.Protect(base+1027<<12, 1, Data))
		}, func(t *testing.T, r Report) {
			assert.EqualValues(t, 1, r.Aliases)
		}},
		{"text whose frames go backwards", func(t *testing.T, s *Space) {
			require.Equal(t, OK, s.Map(text+1<<24, 1201, 1, Text, Size4K))
			require.Equal(t, OK, s.Map(text+1<<24+1<<12, 1200, 1, Text, Size4K))
			require.Equal(t, OK, s.Map(0x40_0000, 1201, 1, Data, Size4K))
		}, func(t *testing.T, r Report) {
			assert.NotZero(t, r.Aliases)
			assert.EqualValues(t, 0x40_0000, r.AliasAt)
		}},
		{"open to user mode", func(t *testing.T, s *Space) {
			for l := rootLevel; l >= Size1G; l-- {
				corrupt(t, s, base+3<<30, l, set(User))
			}
		}, func(t *testing.T, r Report) {
			assert.EqualValues(t, 1, r.User)
			assert.Equal(t, base+3<<30, r.UserAt)
		}},
		{"page 0", func(t *testing.T, s *Space) {
			require.Equal(t, OK, s.Map(0, 5*oneG, 1, Data, Size4K))
		}, func(t *testing.T, r Report) {
			assert.True(t, r.Null)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := build(t)
			test.harm(t, s)
			r := s.Audit()
			assert.False(t, r.Clean())
			test.check(t, r)
		})
	}

	harmless := map[string]func(*testing.T, *Space){
		"user in the last entry only": func(t *testing.T, s *Space) { corrupt(t, s, base+3<<30, Size1G, set(User)) },
		"an upper entry forbids execution": func(t *testing.T, s *Space) {
			corrupt(t, s, base, rootLevel, set(NoExecute))
			corrupt(t, s, base+3<<30, Size1G, clear(NoExecute))
		},
		"an upper entry forbids writing": func(t *testing.T, s *Space) {
			corrupt(t, s, text, rootLevel, clear(Writable))
			corrupt(t, s, text, Size2M, set(Writable))
		},
	}
	for name, harm := range harmless {
		t.Run(name, func(t *testing.T) {
			s := build(t)
			harm(t, s)
			r := s.Audit()
			assert.True(t, r.Clean(), r)
		})
	}
}

// A space that the boot code made is taken up as it stands.
func TestOpen(t *testing.T) {
	s, memory := newSpace(t, Size2M)
	require.Equal(t, OK, s.Map(base, 0, 1, Data, Size4K))
	var again Space
	again.Open(s.Root, memory, Size2M)
	assert.Equal(t, s.segments(), again.segments())
	assert.Equal(t, Exists, again.Map(base, 0, 1, Data, Size4K))
}

func TestResultNames(t *testing.T) {
	seen := map[string]bool{}
	for r := OK; r <= NotMapped; r++ {
		assert.False(t, seen[r.String()], r)
		seen[r.String()] = true
	}
	assert.False(t, seen[Result(99).String()])
}
