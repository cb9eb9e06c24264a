package pool

import (
	"runtime"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/pmm"
)

func TestMain(m *testing.M) {
	lock.Violation = func(f lock.Fault) { panic(f.Kind.String()) }
	m.Run()
}

func cpu(id int) *lock.Holder {
	return &lock.Holder{CPU: uint32(id), Serve: func(*lock.Holder) { runtime.Gosched() }}
}

// fakeSource gives garbage-filled memory of the host's, left times.
type fakeSource struct {
	mu     sync.Mutex
	chunks map[frame.VAddr][]uint64 // also keeps them from being collected
	given  int
	left   int
}

func newSource() *fakeSource {
	return &fakeSource{chunks: map[frame.VAddr][]uint64{}, left: 1 << 30}
}

func (f *fakeSource) Take(h *lock.Holder, order uint) (frame.VAddr, bool) {
	h.AssertNone() // scrubbing may wait
	runtime.Gosched()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 {
		return 0, false
	}
	f.left--
	words := make([]uint64, frame.PageSize<<order/8)
	for i := range words {
		words[i] = 0xa5a5_a5a5_a5a5_a5a5
	}
	v := frame.VAddr(uintptr(unsafe.Pointer(&words[0])))
	f.chunks[v] = words
	return v, true
}

func (f *fakeSource) Give(h *lock.Holder, v frame.VAddr, order uint) {
	h.AssertNone()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.chunks[v]) != frame.PageSize<<order/8 {
		panic("not what was taken")
	}
	delete(f.chunks, v)
	f.given++
}

type object struct {
	id uint64
	_  [100]byte
}

func newPool(t testing.TB, max uint32) (*Pool[object], *fakeSource, *lock.Holder) {
	p, s := new(Pool[object]), newSource()
	require.Equal(t, OK, p.Init(s, max))
	return p, s, cpu(0)
}

func (p *Pool[T]) account(h *lock.Holder) Stats {
	var s Stats
	p.Stats(h, &s)
	return s
}

func TestMakeAndFree(t *testing.T) {
	p, source, h := newPool(t, 100)
	assert.Zero(t, len(source.chunks), "nothing is taken before it is needed")
	x, r, result := p.Make(h)
	require.Equal(t, OK, result)
	assert.Equal(t, object{}, *x)
	assert.Same(t, x, p.Get(r))
	assert.Same(t, x, p.At(r.Index))
	assert.Equal(t, r, p.Ref(x))
	x.id = 5

	require.Equal(t, OK, p.Free(h, r))
	assert.Nil(t, p.Get(r))
	assert.Nil(t, p.At(r.Index))
	assert.Equal(t, Stale, p.Free(h, r), "twice")

	y, again, _ := p.Make(h)
	require.Same(t, x, y, "the place is used again")
	assert.Equal(t, object{}, *y)
	assert.Equal(t, r.Index, again.Index)
	assert.NotEqual(t, r, again)
	assert.Nil(t, p.Get(r), "the old name finds nothing")
	assert.Equal(t, Stale, p.Free(h, r))
	assert.Same(t, y, p.Get(again))
	assert.Equal(t, Stats{Live: 1, Peak: 1, Room: 32, Max: 100, Frames: 1, Made: 2}, p.account(h))
}

func TestNoSuchObject(t *testing.T) {
	p, _, h := newPool(t, 100)
	for range 2 { // before there are slots, and after
		for _, r := range []Ref[object]{{}, {1, 0}, {1, 1}, {99, 1}, {none, 1}, {3, 2}} {
			assert.Nil(t, p.Get(r))
			assert.Equal(t, Stale, p.Free(h, r))
		}
		for _, i := range []uint32{1, 99, none} {
			assert.Nil(t, p.At(i))
		}
		_, _, result := p.Make(h)
		require.Equal(t, OK, result)
	}
}

func TestFull(t *testing.T) {
	p, source, h := newPool(t, 100)
	refs := map[Ref[object]]*object{}
	for i := range uint64(100) {
		x, r, result := p.Make(h)
		require.Equal(t, OK, result)
		require.Zero(t, x.id)
		require.Less(t, r.Index, uint32(100))
		x.id = i + 1
		refs[r] = x
	}
	for range 2 {
		x, r, result := p.Make(h)
		assert.Nil(t, x)
		assert.Zero(t, r)
		assert.Equal(t, Full, result)
	}
	assert.Equal(t, Stats{Live: 100, Peak: 100, Room: 100, Max: 100, Frames: 4, Made: 100, Failed: 2}, p.account(h))
	assert.Equal(t, 4, len(source.chunks))
	ids := map[uint64]bool{}
	for i := range p.Room() {
		ids[p.At(i).id] = true
	}
	assert.Len(t, ids, 100)
	for r, x := range refs {
		require.Same(t, x, p.Get(r))
		require.Equal(t, OK, p.Free(h, r))
	}
	assert.Zero(t, p.account(h).Live)
	_, _, result := p.Make(h)
	assert.Equal(t, OK, result)
}

func TestNoMemory(t *testing.T) {
	p, source, h := newPool(t, 100)
	source.left = 0
	_, _, result := p.Make(h)
	assert.Equal(t, NoMemory, result)
	source.left = 1
	for range 32 {
		_, _, result = p.Make(h)
		require.Equal(t, OK, result)
	}
	_, _, result = p.Make(h)
	assert.Equal(t, NoMemory, result)
	assert.EqualValues(t, 2, p.account(h).Failed)
	source.left = 1
	_, _, result = p.Make(h)
	assert.Equal(t, OK, result)
}

// objects of any size lie inside their chunk, aligned, and apart.
func geometry[T any](t *testing.T, max uint32, want Result, order uint) {
	t.Helper()
	p, source, h := new(Pool[T]), newSource(), cpu(0)
	require.Equal(t, want, p.Init(source, max))
	if want != OK {
		_, _, r := p.Make(h)
		assert.Equal(t, Full, r)
		assert.Nil(t, p.At(0))
		return
	}
	assert.Equal(t, order, p.order)
	type span struct{ from, to frame.VAddr }
	var seen []span
	for range min(max, 40) {
		x, _, r := p.Make(h)
		require.Equal(t, OK, r)
		from := frame.VAddr(uintptr(unsafe.Pointer(x)))
		to := from + frame.VAddr(unsafe.Sizeof(*x))
		assert.Zero(t, uint64(from)%uint64(unsafe.Alignof(*x)))
		inside := false
		for v, words := range source.chunks {
			inside = inside || from >= v && to <= v+frame.VAddr(len(words)*8)
		}
		assert.True(t, inside)
		for _, s := range seen {
			assert.True(t, to <= s.from || from >= s.to)
		}
		seen = append(seen, span{from, to})
	}
}

func TestGeometry(t *testing.T) {
	geometry[struct{}](t, 10, OK, 0)
	geometry[byte](t, 1000, OK, 0)
	geometry[[3]uint64](t, 6000, OK, 0)
	geometry[[3]uint64](t, 50000, OK, 3)    // 64 chunks must hold them
	geometry[[2200]byte](t, 10, OK, 2)      // one in a frame would waste half of it
	geometry[[4096 - 16]byte](t, 64, OK, 0) // just fits
	geometry[[4097]byte](t, 64, OK, 3)      // just does not
	geometry[[70000]byte](t, 64, OK, 5)     // several frames each
	geometry[[2<<20 - 16]byte](t, 3, OK, 9) // the largest chunk
	geometry[[2 << 20]byte](t, 1, TooLarge, 0)
	geometry[[1 << 20]byte](t, 65, TooLarge, 0)
}

// CPUs make and free at once; each marks its objects, so that the race detector
// and the marks show any that two have.
func TestConcurrent(t *testing.T) {
	p, source, _ := newPool(t, 150)
	var wg sync.WaitGroup
	for id := range 6 {
		wg.Go(func() {
			h := cpu(id)
			var mine []Ref[object]
			for turn := range 500 {
				if turn%3 != 2 {
					if x, r, result := p.Make(h); result == OK {
						if x.id != 0 {
							t.Error("not zeroed, or not ours alone")
						}
						x.id = uint64(id + 1)
						mine = append(mine, r)
					}
				} else if len(mine) > 0 {
					r := mine[0]
					mine = mine[1:]
					if x := p.Get(r); x == nil || x.id != uint64(id+1) {
						t.Error("lost an object")
					}
					assert.Equal(t, OK, p.Free(h, r))
				}
			}
			for _, r := range mine {
				assert.Equal(t, OK, p.Free(h, r))
			}
		})
	}
	wg.Wait()
	s := p.account(cpu(0))
	assert.Zero(t, s.Live)
	assert.LessOrEqual(t, s.Peak, uint32(150))
	assert.EqualValues(t, len(source.chunks), s.Frames)
}

// A chunk that another CPU has made superfluous goes back.
func TestGrowTwice(t *testing.T) {
	p, source, h := newPool(t, 10)
	require.True(t, p.grow(h))
	require.True(t, p.grow(h))
	assert.Equal(t, 1, source.given)
	assert.Equal(t, 1, len(source.chunks))
	assert.EqualValues(t, 10, p.Room())
}

// Of several CPUs that free one object, one succeeds.
func TestFreeRace(t *testing.T) {
	p, _, h := newPool(t, 10)
	for range 50 {
		_, r, _ := p.Make(h)
		var wg sync.WaitGroup
		results := make([]Result, 4)
		for id := range results {
			wg.Go(func() { results[id] = p.Free(cpu(id), r) })
		}
		wg.Wait()
		n := 0
		for _, result := range results {
			if result == OK {
				n++
			}
		}
		require.Equal(t, 1, n)
	}
}

func TestFramesSource(t *testing.T) {
	var m pmm.Map
	m.AddRAM(1<<20, 4<<20)
	plan, r := m.Plan(frame.Between(0, 1<<20))
	require.Equal(t, pmm.OK, r)
	words := make([]uint64, plan.Frames*frame.PageSize/8)
	var frames pmm.Allocator
	h := cpu(0)
	require.Equal(t, pmm.OK, frames.Init(h, &m, plan, unsafe.Pointer(&words[0]), func(*lock.Holder, frame.MFN, uint64) {}))
	free := func() uint64 {
		var s pmm.Stats
		frames.Stats(h, &s)
		return s.Free
	}
	var source Source = &Frames{&frames}
	before := free()
	v, ok := source.Take(h, 3)
	require.True(t, ok)
	assert.GreaterOrEqual(t, v, layout.Direct(1<<20))
	assert.Less(t, v, layout.Direct(4<<20))
	assert.Equal(t, before-8, free())
	source.Give(h, v, 3)
	assert.Equal(t, before, free())
	_, ok = source.Take(h, 18)
	assert.False(t, ok)
}

func TestResultNames(t *testing.T) {
	seen := map[string]bool{}
	for r := OK; r <= TooLarge; r++ {
		assert.False(t, seen[r.String()], r)
		seen[r.String()] = true
	}
	assert.False(t, seen[Result(99).String()])
}

// FuzzPool plays operations on a pool and a map. Every Ref ever seen is kept,
// so that old ones are tried as well.
func FuzzPool(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 1, 2, 0, 1, 1, 2, 2})
	f.Add([]byte{0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 2, 0, 0, 0, 2, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		const most = 40
		p, _, h := newPool(t, most)
		live := map[Ref[object]]uint64{}
		var known []Ref[object]
		for i, op := range data {
			if op%3 == 0 || len(known) == 0 {
				x, r, result := p.Make(h)
				if len(live) == most {
					require.Equal(t, Full, result)
					continue
				}
				require.Equal(t, OK, result)
				require.Equal(t, object{}, *x)
				require.NotContains(t, known, r)
				x.id = uint64(i + 1)
				live[r] = x.id
				known = append(known, r)
				continue
			}
			r := known[int(op/3)*7%len(known)]
			id, lives := live[r]
			if op%3 == 1 {
				want := Stale
				if lives {
					want = OK
					delete(live, r)
				}
				require.Equal(t, want, p.Free(h, r))
				continue
			}
			x := p.Get(r)
			require.Equal(t, lives, x != nil)
			if lives {
				require.Equal(t, id, x.id)
			}
		}
		n := 0
		for i := range p.Room() {
			if x := p.At(i); x != nil {
				require.Equal(t, live[p.Ref(x)], x.id)
				n++
			}
		}
		require.Len(t, live, n)
		require.EqualValues(t, n, p.account(h).Live)
	})
}

func BenchmarkMakeFree(b *testing.B) {
	p, _, h := newPool(b, 100)
	for b.Loop() {
		_, r, _ := p.Make(h)
		p.Free(h, r)
	}
}
