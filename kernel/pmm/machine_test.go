package pmm

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
	"tuco/kernel/lock"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
	tib = 1 << 40
)

var everywhere = frame.Between(0, Limit.MFN())

func TestMain(m *testing.M) {
	lock.Violation = func(f lock.Fault) { panic(f.Kind.String()) }
	m.Run()
}

func cpu(id int) *lock.Holder {
	return &lock.Holder{CPU: uint32(id), Serve: func(*lock.Holder) { runtime.Gosched() }}
}

type bytes struct{ start, end frame.MAddr }

// bigPC is what QEMU reports for a PC with 4 GiB: low memory, the ROM hole, the
// PCI hole, and the rest above 4 GiB. pc is the same in small.
var (
	bigPC = []bytes{{0, 0x9fc00}, {mib, 3*gib - 128*kib}, {4 * gib, 5 * gib}}
	pc    = []bytes{{0, 0x9fc00}, {mib, 96*mib - 128*kib}, {4 * gib, 4*gib + 32*mib}}
)

func memoryMap(t testing.TB, ram []bytes, reserved ...bytes) *Map {
	m := new(Map)
	for _, r := range ram {
		require.Equal(t, OK, m.AddRAM(r.start, r.end))
	}
	for _, r := range reserved {
		require.Equal(t, OK, m.Reserve(r.start, r.end))
	}
	return m
}

// machine is an allocator with the content of its memory: a frame number
// stands for dirty, none for zeroed.
type machine struct {
	Allocator
	m     *Map
	h     *lock.Holder
	dirty func(m frame.MFN, n uint64)
	clean func(m frame.MFN, n uint64) bool
}

func newMachine(t testing.TB, m *Map) *machine {
	plan, r := m.Plan(everywhere)
	require.Equal(t, OK, r)
	content := map[frame.MFN]bool{}
	x := &machine{m: m, h: cpu(0)}
	x.dirty = func(m frame.MFN, n uint64) {
		for f := m; f < m+frame.MFN(n); f++ {
			content[f] = true
		}
	}
	x.clean = func(m frame.MFN, n uint64) bool {
		for f := m; f < m+frame.MFN(n); f++ {
			if content[f] {
				return false
			}
		}
		return true
	}
	scrub := func(_ *lock.Holder, m frame.MFN, n uint64) {
		x.h.AssertNone() // it may have to wait for a flush
		for f := m; f < m+frame.MFN(n); f++ {
			delete(content, f)
		}
	}
	r = x.Init(x.h, m, plan, room(plan), scrub)
	require.Equal(t, OK, r)
	return x
}

// room is the memory that a plan asks for, full of garbage.
func room(p Plan) unsafe.Pointer {
	words := make([]uint64, p.Frames*frame.PageSize/8)
	for i := range words {
		words[i] = 0xdead_beef_dead_beef
	}
	return unsafe.Pointer(&words[0])
}

func (x *machine) stats() Stats {
	var s Stats
	x.Stats(x.h, &s)
	return s
}

// snapshot is what must be the same whenever all memory has come back: the
// blocks of each order, and the state of every record.
type snapshot struct {
	stats  Stats
	states []state
	orders []uint8
}

func (x *machine) snapshot() snapshot {
	s := snapshot{stats: x.stats()}
	s.stats.Allocs, s.stats.Frees, s.stats.Failed, s.stats.Scrubbed = 0, 0, 0, 0
	for i := range x.records.infos {
		info := &x.records.infos[i]
		s.states = append(s.states, info.state)
		if info.state != free {
			s.orders = append(s.orders, 0)
			continue
		}
		s.orders = append(s.orders, info.order)
	}
	return s
}

// audit walks all of RAM and all lists and checks the invariants of doc.go.
func (x *machine) audit(t testing.TB) {
	t.Helper()
	listed := map[frame.MFN]uint{}
	for z := range x.areas {
		area := &x.areas[z]
		frames := uint64(0)
		for order := uint(0); order <= MaxOrder; order++ {
			require.Equal(t, area.count[order] != 0, area.orders>>order&1 == 1)
			m, prev := area.head[order], nolink
			for n := uint64(0); n < area.count[order]; n++ {
				require.NotContains(t, listed, frame.MFN(m))
				require.Equal(t, Zone(z), zoneOf(frame.MFN(m)))
				listed[frame.MFN(m)] = order
				frames += 1 << order
				next, p := x.records.at(frame.MFN(m)).links()
				require.Equal(t, prev, p)
				m, prev = next, m
			}
			require.True(t, area.count[order] == 0 || m == nolink, "list too long")
		}
		require.Equal(t, frames, area.frames)
	}

	var total, inReserve, inFree, inUse uint64
	next := frame.MFN(0) // where the last block ended
	for ram, ok := x.m.NextRAM(0); ok; ram, ok = x.m.NextRAM(ram.End) {
		total += ram.Len()
		for m := ram.Start; m < ram.End; m++ {
			info := x.records.at(m)
			if m < next && info.state == tail { // plain tests where there are many frames
				continue
			}
			require.GreaterOrEqual(t, m, next, "not a tail")
			if info.state == reserved {
				inReserve++
				continue
			}
			size := uint64(1) << info.order
			switch info.state {
			case free:
				require.Equal(t, listed[m], uint(info.order))
				require.Zero(t, info.Ref.Load())
				inFree += size
				if info.order < MaxOrder {
					buddy := m ^ 1<<info.order
					if b := x.records.at(buddy); b != nil && zoneOf(buddy) == zoneOf(m) {
						require.False(t, b.state == free && b.order == info.order, "buddies left apart at %#x", m)
					}
				}
				delete(listed, m)
			case allocated:
				inUse += size
			default:
				require.Fail(t, "no block covers", "frame %#x", m)
			}
			require.Zero(t, uint64(m)%size, "misaligned block at %#x", m)
			next = m + frame.MFN(size)
			require.LessOrEqual(t, next, ram.End)
		}
	}
	require.Empty(t, listed, "listed, but not in RAM")
	s := x.stats()
	require.Equal(t, total, s.Total)
	require.Equal(t, inReserve, s.Reserved)
	require.Equal(t, inFree, s.Free)
	require.Equal(t, inUse, s.Allocated())
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }
