package pmm

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
	"tuco/kernel/lock"
)

func (x *machine) alloc(t testing.TB, order uint, in Zone) frame.MFN {
	t.Helper()
	m, r := x.Alloc(x.h, order, in)
	require.Equal(t, OK, r)
	require.True(t, x.clean(m, 1<<order), "not zeroed")
	x.dirty(m, 1<<order)
	return m
}

func TestInit(t *testing.T) {
	x := newMachine(t, memoryMap(t, pc, bytes{0, 4 * kib}, bytes{2 * mib, 4 * mib}))
	x.audit(t)
	s := x.stats()
	const mid, high = 95<<8 - 0x20, 32 << 8 // frames
	room := (24*(0x9f+1+mid+0x100-1) + 0x100 + 24*high) / frame.PageSize
	assert.EqualValues(t, 0x9f+mid+high, s.Total)
	assert.EqualValues(t, mid-0x200, s.InZone[Below4G])
	assert.InDelta(t, high-room, s.InZone[Anywhere], 20, "less the records, which lie at the top")
	assert.EqualValues(t, 0x9e, s.InZone[Below1M])
	assert.Zero(t, s.Allocated())
}

// What AllocRaw hands out is as it was left, and zeroed when Alloc hands it out again.
func TestAllocRaw(t *testing.T) {
	x := newMachine(t, memoryMap(t, []bytes{{4 * kib, 640 * kib}}))
	before := x.snapshot()
	m := x.alloc(t, 3, Anywhere) // dirty from now on
	require.Equal(t, OK, x.Free(x.h, m, 3))
	scrubbed := x.stats().Scrubbed
	raw, r := x.AllocRaw(x.h, 3, Anywhere)
	require.Equal(t, OK, r)
	require.Equal(t, m, raw)
	assert.False(t, x.clean(raw, 1<<3))
	assert.Equal(t, scrubbed, x.stats().Scrubbed)
	require.Equal(t, OK, x.Free(x.h, raw, 3))
	require.Equal(t, m, x.alloc(t, 3, Anywhere))
	require.Equal(t, OK, x.Free(x.h, m, 3))
	assert.Equal(t, before, x.snapshot())
	_, r = x.AllocRaw(x.h, MaxOrder+1, Anywhere)
	assert.Equal(t, BadOrder, r)
}

func TestZones(t *testing.T) {
	x := newMachine(t, memoryMap(t, pc, bytes{0, 4 * kib}))
	for _, test := range []struct {
		in          Zone
		least, most frame.MAddr
	}{
		{Below1M, 4 * kib, mib},
		{Below4G, mib, 4 * gib},
		{Anywhere, 4 * gib, 5 * gib},
		{Zone(77), 4 * gib, 5 * gib}, // as good as Anywhere
	} {
		m := x.alloc(t, 0, test.in)
		assert.GreaterOrEqual(t, m.Addr(), test.least)
		assert.Less(t, m.Addr(), test.most)
	}
	x.audit(t)
}

// When a zone is used up, the next lower one serves; never a higher one.
func TestZonesUsedUp(t *testing.T) {
	x := newMachine(t, memoryMap(t, []bytes{{4 * kib, 640 * kib}, {mib, 2 * mib}, {4 * gib, 4*gib + mib}}))
	before := x.snapshot()
	var got []frame.MFN
	last := Anywhere
	for {
		m, r := x.Alloc(x.h, 0, Anywhere)
		if r == NoMemory {
			break
		}
		require.Equal(t, OK, r)
		require.LessOrEqual(t, zoneOf(m), last)
		last = zoneOf(m)
		got = append(got, m)
	}
	assert.Equal(t, Below1M, last)
	s := x.stats()
	assert.Zero(t, s.Free)
	assert.EqualValues(t, 1, s.Failed)
	assert.EqualValues(t, len(got), s.Allocated())
	x.audit(t)
	for _, m := range got {
		if zoneOf(m) == Anywhere {
			require.Equal(t, OK, x.Free(x.h, m, 0))
		}
	}
	_, r := x.Alloc(x.h, 0, Below4G)
	assert.Equal(t, NoMemory, r)
	for _, m := range got {
		if zoneOf(m) != Anywhere {
			require.Equal(t, OK, x.Free(x.h, m, 0))
		}
	}
	x.audit(t)
	assert.Equal(t, before, x.snapshot())
}

// Where no hole separates the zones, a block still does not cross their border.
func TestZonesWithoutGap(t *testing.T) {
	x := newMachine(t, memoryMap(t, []bytes{{0, 8 * mib}}))
	x.audit(t)
	before := x.snapshot()
	assert.EqualValues(t, 0x100, before.stats.InZone[Below1M])
	m, r := x.Alloc(x.h, 9, Below1M)
	assert.Equal(t, NoMemory, r, m)
	low, high := x.alloc(t, 8, Below1M), x.alloc(t, 8, Below4G)
	assert.EqualValues(t, 0, low)
	require.Equal(t, OK, x.Free(x.h, high, 8))
	require.Equal(t, OK, x.Free(x.h, low, 8))
	x.audit(t)
	assert.Equal(t, before, x.snapshot())
}

func TestLargestBlock(t *testing.T) {
	x := newMachine(t, memoryMap(t, []bytes{{mib, 3 * gib}}))
	before := x.snapshot()
	assert.EqualValues(t, 1, before.stats.Blocks[MaxOrder])
	m, r := x.Alloc(x.h, MaxOrder, Below4G)
	require.Equal(t, OK, r)
	assert.EqualValues(t, gib, m.Addr())
	_, r = x.Alloc(x.h, MaxOrder, Anywhere)
	assert.Equal(t, NoMemory, r)
	require.Equal(t, OK, x.Free(x.h, m, MaxOrder))
	assert.Equal(t, before, x.snapshot())
}

func TestFreeRefusals(t *testing.T) {
	x := newMachine(t, memoryMap(t, []bytes{{4 * kib, 640 * kib}, {mib, 16 * mib}}, bytes{2 * mib, 4 * mib}))
	before := x.snapshot()
	block := x.alloc(t, 4, Anywhere)
	split := x.alloc(t, 2, Anywhere)
	require.Equal(t, OK, x.Split(x.h, split, 2, 0))
	freed := x.alloc(t, 3, Below1M)
	require.Equal(t, OK, x.Free(x.h, freed, 3))
	for _, test := range []struct {
		name  string
		m     frame.MFN
		order uint
		want  Result
	}{
		{"wrong order", block, 3, WrongOrder},
		{"wrong order, higher", block, 5, WrongOrder},
		{"inside a block", block + 1, 0, WrongOrder},
		{"inside a block, aligned", block + 8, 3, WrongOrder},
		{"a split block as a whole", split, 2, WrongOrder},
		{"twice", freed, 3, DoubleFree},
		{"twice, with another order", freed, 0, DoubleFree},
		{"inside a free block", freed + 1, 0, DoubleFree},
		{"reserved", 0x200, 0, Reserved},
		{"reserved, inside", 0x3ff, 0, Reserved},
		{"the ROM hole", 0xa5, 0, NotRAM},
		{"below RAM", 0, 0, NotRAM},
		{"above RAM", 0x1000, 0, NotRAM},
		{"far above RAM", 1 << 31, 0, NotRAM},
		{"no frame", frame.NoMFN, 0, NotRAM},
		{"beyond the largest order", block, MaxOrder + 1, BadOrder},
		{"beyond any order", block, 1 << 40, BadOrder},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, x.Free(x.h, test.m, test.order), test.want)
			x.audit(t)
		})
	}
	_, r := x.Alloc(x.h, MaxOrder+1, Anywhere)
	assert.Equal(t, BadOrder, r)
	require.Equal(t, OK, x.Free(x.h, block, 4))
	for f := split; f < split+4; f++ {
		require.Equal(t, OK, x.Free(x.h, f, 0))
	}
	assert.Equal(t, before, x.snapshot(), "refusals change nothing")
}

func TestFreeInUse(t *testing.T) {
	x := newMachine(t, memoryMap(t, []bytes{{mib, 4 * mib}}))
	m := x.alloc(t, 0, Anywhere)
	info := x.Info(m)
	info.Ref.Store(1)
	assert.Equal(t, InUse, x.Free(x.h, m, 0))
	info.Ref.Store(0)
	info.Type.Store(1 << 60)
	assert.Equal(t, InUse, x.Free(x.h, m, 0))
	info.Type.Store(0)
	info.Part = 1
	assert.Equal(t, InUse, x.Free(x.h, m, 0))
	info.Part = 0
	info.Stamp.Store(7)
	assert.Equal(t, OK, x.Free(x.h, m, 0))
	assert.EqualValues(t, 7, x.Info(m).Stamp.Load(), "the stamp outlives the free")
	for x.stats().Free > 0 {
		got := x.alloc(t, 0, Anywhere)
		assert.Zero(t, x.Info(got).Type.Load()+x.Info(got).Ref.Load())
	}
	assert.EqualValues(t, 7, x.Info(m).Stamp.Load())
}

func TestSplit(t *testing.T) {
	x := newMachine(t, memoryMap(t, []bytes{{mib, 16 * mib}}))
	before := x.snapshot()
	m := x.alloc(t, 9, Anywhere)
	assert.Equal(t, BadOrder, x.Split(x.h, m, 9, 10))
	assert.Equal(t, WrongOrder, x.Split(x.h, m, 8, 0))
	assert.Equal(t, NotRAM, x.Split(x.h, 0x5000, 0, 0))
	x.Info(m).Ref.Store(1)
	require.Equal(t, OK, x.Split(x.h, m, 9, 3), "a block in use may be split")
	x.Info(m).Ref.Store(0)
	x.audit(t)
	require.Equal(t, OK, x.Split(x.h, m, 3, 0))
	for f := range frame.MFN(8) {
		require.Equal(t, OK, x.Free(x.h, m+f, 0))
	}
	assert.Equal(t, DoubleFree, x.Split(x.h, m, 3, 0))
	for f := frame.MFN(8); f < 512; f += 8 {
		require.Equal(t, OK, x.Free(x.h, m+f, 3))
	}
	x.audit(t)
	assert.Equal(t, before, x.snapshot())
}

// What boot reserved and needs no more comes back, and merges with the rest.
func TestRelease(t *testing.T) {
	ram := []bytes{{4 * kib, 640 * kib}, {mib, 64 * mib}}
	x := newMachine(t, memoryMap(t, ram, bytes{5*mib + 12*kib, 17*mib + 8*kib}, bytes{512 * kib, 600 * kib}))
	assert.Equal(t, NotReserved, x.Release(x.h, frame.Between(0x400, 0x401)), "free")
	assert.Equal(t, NotReserved, x.Release(x.h, frame.Between(0xa0, 0xa1)), "a hole")
	assert.Equal(t, NotReserved, x.Release(x.h, frame.Between(0x10000, 0x10001)), "no record")
	assert.Equal(t, NotReserved, x.Release(x.h, frame.Between(frame.NoMFN-1, frame.NoMFN)))
	assert.Equal(t, OK, x.Release(x.h, frame.Between(0x600, 0x600)))
	x.audit(t)
	require.Equal(t, OK, x.Release(x.h, frame.Between(0x503, 0x1102)))
	assert.Equal(t, NotReserved, x.Release(x.h, frame.Between(0x503, 0x1102)), "twice")
	require.Equal(t, OK, x.Release(x.h, frame.Between(0x80, 0x96)))
	x.audit(t)

	all := newMachine(t, memoryMap(t, ram))
	assert.Equal(t, all.snapshot(), x.snapshot(), "as if it had never been reserved")
}

// step is one random operation on a machine and its model, which maps the
// first frame of each allocated block to its order.
func (x *machine) step(t testing.TB, model map[frame.MFN]uint, blocks *[]frame.MFN, op, arg uint64) {
	pick := func() (int, frame.MFN) {
		i := int(arg % uint64(len(*blocks)))
		return i, (*blocks)[i]
	}
	drop := func(i int) {
		delete(model, (*blocks)[i])
		(*blocks)[i] = (*blocks)[len(*blocks)-1]
		*blocks = (*blocks)[:len(*blocks)-1]
	}
	switch {
	case op%8 < 4 || len(*blocks) == 0:
		order, in := uint(arg%12), Zone(arg/16%3)
		m, r := x.Alloc(x.h, order, in)
		if r == NoMemory {
			return
		}
		require.Equal(t, OK, r)
		require.True(t, zoneOf(m) <= in)
		require.True(t, x.clean(m, 1<<order), "not zeroed")
		x.dirty(m, 1<<order)
		model[m] = order
		*blocks = append(*blocks, m)
	case op%8 < 7:
		i, m := pick()
		require.Equal(t, OK, x.Free(x.h, m, model[m]))
		r := x.Free(x.h, m, model[m])
		require.Equal(t, DoubleFree, r)
		drop(i)
	default:
		i, m := pick()
		order := model[m]
		into := uint(arg/7) % (order + 1)
		require.Equal(t, OK, x.Split(x.h, m, order, into))
		drop(i)
		for f := m; f < m+1<<order; f += 1 << into {
			model[f] = into
			*blocks = append(*blocks, f)
		}
	}
}

// same checks that the blocks allocated are those of the model.
func (x *machine) same(t testing.TB, model map[frame.MFN]uint) {
	t.Helper()
	x.audit(t) // blocks do not overlap
	frames := uint64(0)
	for m, order := range model {
		info := x.records.at(m)
		require.True(t, info.state == allocated && uint(info.order) == order)
		frames += 1 << order
	}
	s := x.stats()
	require.Equal(t, frames, s.Allocated())
}

func oddMachine(t testing.TB) *machine {
	return newMachine(t, memoryMap(t,
		[]bytes{{0, 0x9fc00}, {mib, 7*mib + 20*kib}, {4*gib - 3*mib, 4*gib + 5*mib}},
		bytes{0, 4 * kib}, bytes{2*mib + 4*kib, 3 * mib}))
}

func TestRandom(t *testing.T) {
	x := oddMachine(t)
	before := x.snapshot()
	rand := newRand(3)
	for range 4 {
		model, blocks := map[frame.MFN]uint{}, []frame.MFN(nil)
		for range 2000 {
			x.step(t, model, &blocks, rand.Uint64(), rand.Uint64())
		}
		x.same(t, model)
		rand.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
		for _, m := range blocks {
			require.Equal(t, OK, x.Free(x.h, m, model[m]))
		}
		require.Equal(t, before, x.snapshot(), "freeing all gives back the state at the start")
	}
}

// FuzzAllocator plays operations of two bytes each against the model.
func FuzzAllocator(f *testing.F) {
	f.Add([]byte{0, 0, 0, 5, 4, 0, 0, 9, 7, 3, 5, 1})
	f.Add([]byte{1, 11, 1, 27, 1, 43, 7, 100, 4, 0, 4, 1, 4, 2})
	x := oddMachine(f)
	before := x.snapshot()
	f.Fuzz(func(t *testing.T, data []byte) {
		model, blocks := map[frame.MFN]uint{}, []frame.MFN(nil)
		for ; len(data) >= 2; data = data[2:] {
			x.step(t, model, &blocks, uint64(data[0]), uint64(data[1]))
		}
		x.same(t, model)
		for _, m := range blocks {
			require.Equal(t, OK, x.Free(x.h, m, model[m]))
		}
		require.Equal(t, before, x.snapshot())
	})
}

// CPUs that allocate and free at once get blocks of their own: each writes all
// over its records, so that the race detector sees any that two have.
func TestConcurrent(t *testing.T) {
	m := memoryMap(t, []bytes{{mib, 32 * mib}})
	plan, r := m.Plan(everywhere)
	require.Equal(t, OK, r)
	scrub := func(*lock.Holder, frame.MFN, uint64) {}
	x := &machine{m: m, h: cpu(0)}
	require.Equal(t, OK, x.Init(x.h, m, plan, room(plan), scrub))
	before := x.snapshot()
	var wg sync.WaitGroup
	for id := range 6 {
		wg.Go(func() {
			h, rand := cpu(id+1), newRand(uint64(id))
			type block struct {
				m     frame.MFN
				order uint
			}
			var mine []block
			release := func(i int) {
				b := mine[i]
				mine = append(mine[:i], mine[i+1:]...)
				assert.Equal(t, uint16(id+1), x.Info(b.m).Part)
				for f := b.m; f < b.m+1<<b.order; f++ {
					x.Info(f).Part = 0
				}
				assert.Equal(t, OK, x.Free(h, b.m, b.order))
			}
			for range 400 {
				if order := uint(rand.IntN(6)); len(mine) < 20 && rand.IntN(3) > 0 {
					m, r := x.Alloc(h, order, Anywhere)
					if !assert.Equal(t, OK, r) {
						return
					}
					for f := m; f < m+1<<order; f++ {
						x.Info(f).Part = uint16(id + 1)
					}
					mine = append(mine, block{m, order})
				} else if len(mine) > 0 {
					release(rand.IntN(len(mine)))
				}
			}
			for len(mine) > 0 {
				release(0)
			}
		})
	}
	wg.Wait()
	x.audit(t)
	assert.Equal(t, before, x.snapshot())
}

// The allocator's lock takes its place in the tree.
func TestLockOrder(t *testing.T) {
	x := oddMachine(t)
	var outer lock.Spin
	outer.Init(lock.Console)
	outer.Lock(x.h)
	assert.PanicsWithValue(t, lock.OutOfOrder.String(), func() { x.Alloc(x.h, 0, Anywhere) })
}

func TestResultNames(t *testing.T) {
	seen := map[string]bool{}
	for r := OK; r <= BadRange; r++ {
		assert.False(t, seen[r.String()], r)
		seen[r.String()] = true
	}
	assert.False(t, seen[Result(99).String()])
}

func BenchmarkAllocFree(b *testing.B) {
	x := newMachine(b, memoryMap(b, bigPC))
	x.scrub = func(*lock.Holder, frame.MFN, uint64) {}
	for b.Loop() {
		m, _ := x.Alloc(x.h, 0, Anywhere)
		x.Free(x.h, m, 0)
	}
}

func BenchmarkInit(b *testing.B) {
	m := memoryMap(b, []bytes{{mib, gib}})
	p, _ := m.Plan(everywhere)
	at := room(p)
	for b.Loop() {
		x := &machine{m: m, h: cpu(0)}
		x.Init(x.h, m, p, at, nil)
	}
}
