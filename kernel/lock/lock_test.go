package lock

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cpu makes a holder for a goroutine that plays a CPU. It gives way while it
// spins, or the tests would take as long as the host has CPUs too few.
func cpu(id int) *Holder {
	return &Holder{CPU: uint32(id), Serve: func(*Holder) { runtime.Gosched() }}
}

func spin(level Level) *Spin {
	l := new(Spin)
	l.Init(level)
	return l
}

// TestMain turns a violation into a panic that a test can catch.
func TestMain(m *testing.M) {
	Violation = func(f Fault) { panic(f) }
	m.Run()
}

// fault runs f and returns the violation it ends in.
func fault(t *testing.T, f func()) (got Fault) {
	t.Helper()
	defer func() {
		t.Helper()
		r := recover()
		require.IsType(t, Fault{}, r, "no rule was found broken")
		got = r.(Fault)
	}()
	f()
	return
}

func TestOrder(t *testing.T) {
	tests := []struct {
		name string
		held []Level
		take Level
		ok   bool
	}{
		{"first", nil, CPUs, true},
		{"last", nil, Console, true},
		{"rising", []Level{HostMap, Pool}, Frames, true},
		{"falling", []Level{Frames}, Pool, false},
		{"same level", []Level{Pool}, Pool, false},
		{"between two held", []Level{HostMap, Frames}, Pool, false},
		{"below a lock taken long ago", []Level{Pool, Frames, Trace}, HostMap, false},
	}
	type taker struct {
		name string
		take func(l Level, h *Holder)
	}
	for _, with := range []taker{
		{"lock", func(l Level, h *Holder) { spin(l).Lock(h) }},
		{"trylock", func(l Level, h *Holder) { spin(l).TryLock(h) }},
		{"both", func(l Level, h *Holder) { LockBoth(spin(l), spin(l), h) }},
		{"read", func(l Level, h *Holder) { var w RW; w.Init(l); w.RLock(h) }},
		{"write", func(l Level, h *Holder) { var w RW; w.Init(l); w.Lock(h) }},
	} {
		for _, test := range tests {
			t.Run(with.name+"/"+test.name, func(t *testing.T) {
				h := cpu(3)
				for _, l := range test.held {
					spin(l).Lock(h)
				}
				if test.ok {
					with.take(test.take, h)
					assert.True(t, h.Holds(test.take))
					return
				}
				f := fault(t, func() { with.take(test.take, h) })
				assert.Equal(t, OutOfOrder, f.Kind)
				assert.Equal(t, test.take, f.Level)
				assert.EqualValues(t, 3, f.CPU)
				assert.Equal(t, test.held[len(test.held)-1], f.Highest())
			})
		}
	}
}

func TestReleaseInAnyOrder(t *testing.T) {
	h := cpu(0)
	a, b, c := spin(HostMap), spin(Pool), spin(Frames)
	a.Lock(h)
	b.Lock(h)
	c.Lock(h)
	a.Unlock(h)
	assert.False(t, h.Holds(HostMap))
	assert.True(t, h.Holds(Pool))
	c.Unlock(h)
	c.Lock(h)
	c.Unlock(h)
	b.Unlock(h)
	h.AssertNone()
}

func TestTwiceByOneCPU(t *testing.T) {
	h, l := cpu(0), spin(Pool)
	l.Lock(h)
	assert.Equal(t, OutOfOrder, fault(t, func() { l.Lock(h) }).Kind)
}

func TestWithoutLevel(t *testing.T) {
	var l Spin
	assert.Equal(t, NoLevel, fault(t, func() { l.Lock(cpu(0)) }).Kind)
	assert.Equal(t, NoLevel, fault(t, func() { l.TryLock(cpu(0)) }).Kind)
	var w RW
	assert.Equal(t, NoLevel, fault(t, func() { w.RLock(cpu(0)) }).Kind)
	l.Init(0)
	assert.Equal(t, NoLevel, fault(t, func() { l.Lock(cpu(0)) }).Kind)
}

func TestUnlockByStranger(t *testing.T) {
	owner, stranger := cpu(1), cpu(2)
	l, other := spin(Pool), spin(Pool)
	f := fault(t, func() { l.Unlock(stranger) })
	assert.Equal(t, Fault{Kind: NotOwner, CPU: 2, Level: Pool, Owner: -1}, f)

	l.Lock(owner)
	other.Lock(stranger) // holds a lock of the same level, but not this one
	f = fault(t, func() { l.Unlock(stranger) })
	assert.Equal(t, Fault{Kind: NotOwner, CPU: 2, Level: Pool, Held: 1 << Pool, Owner: 1}, f)
	assert.True(t, l.Held(owner))
	assert.False(t, l.Held(stranger))

	l.Unlock(owner)
	assert.Equal(t, NotOwner, fault(t, func() { l.Unlock(owner) }).Kind, "unlocked twice")

	var w RW
	w.Init(Pool)
	assert.Equal(t, NotOwner, fault(t, func() { w.Unlock(owner) }).Kind)
	assert.Equal(t, NotOwner, fault(t, func() { w.RUnlock(owner) }).Kind)
}

func TestAssertNone(t *testing.T) {
	h, l := cpu(0), spin(Frames)
	h.AssertNone()
	l.Lock(h)
	f := fault(t, h.AssertNone)
	assert.Equal(t, HeldAcrossWait, f.Kind)
	assert.Equal(t, Frames, f.Highest())
	l.Unlock(h)
	h.AssertNone()
}

// While a CPU waits for a lock it counts as holding it, so that a Serve which
// waited for others would be caught.
func TestAssertNoneWhileSpinning(t *testing.T) {
	l := spin(Pool)
	l.Lock(cpu(0))
	h := &Holder{CPU: 1, Serve: func(h *Holder) { h.AssertNone() }}
	assert.Equal(t, HeldAcrossWait, fault(t, func() { l.Lock(h) }).Kind)
}

func TestUnsetViolationPanics(t *testing.T) {
	set := Violation
	defer func() { Violation = set }()
	Violation = unset
	assert.Panics(t, func() { new(Spin).Lock(cpu(0)) })
}

func TestTryLock(t *testing.T) {
	a, b, l := cpu(0), cpu(1), spin(Pool)
	require.True(t, l.TryLock(a))
	assert.False(t, l.TryLock(b))
	b.AssertNone()
	l.Unlock(a)
	require.True(t, l.TryLock(b))
	l.Unlock(b)
	l.Lock(a)
	l.Unlock(a)
}

// The ticket counters wrap after 2^32 locks; nothing may happen when they do.
func TestTicketsWrap(t *testing.T) {
	h, l := cpu(0), spin(Pool)
	l.next.Store(^uint32(0))
	l.serving.Store(^uint32(0))
	for range 3 {
		l.Lock(h)
		l.Unlock(h)
		require.True(t, l.TryLock(h))
		l.Unlock(h)
	}
}

const turns = 300

// crowd runs f on n CPUs at once, turns times each.
func crowd(n int, f func(h *Holder, turn int)) {
	var wg sync.WaitGroup
	for id := range n {
		wg.Go(func() {
			h := cpu(id)
			for turn := range turns {
				f(h, turn)
			}
			h.AssertNone()
		})
	}
	wg.Wait()
}

func TestMutualExclusion(t *testing.T) {
	l, count := spin(Pool), 0 // plain: the race detector is the judge as well
	crowd(8, func(h *Holder, turn int) {
		if turn%3 == 0 {
			for !l.TryLock(h) {
				runtime.Gosched()
			}
		} else {
			l.Lock(h)
		}
		count++
		l.Unlock(h)
	})
	assert.Equal(t, 8*turns, count)
}

// Two CPUs that name the same two locks in opposite order must not deadlock.
func TestBoth(t *testing.T) {
	a, b := spin(Pool), spin(Pool)
	var inA, inB int
	crowd(6, func(h *Holder, turn int) {
		switch (turn + int(h.CPU)) % 5 {
		case 0:
			a.Lock(h)
			inA++
			a.Unlock(h)
		case 1:
			LockBoth(b, b, h)
			inB++
			UnlockBoth(b, b, h)
		case 2:
			LockBoth(a, b, h)
			inA++
			inB++
			UnlockBoth(a, b, h)
		default:
			LockBoth(b, a, h)
			inA++
			inB++
			UnlockBoth(a, b, h)
		}
	})
	assert.Equal(t, 6*turns*4/5, inA)
	assert.Equal(t, 6*turns*4/5, inB)
}

// Whichever way the two are named, the lower address comes first: while that one
// is taken, the other stays free.
func TestBothOrder(t *testing.T) {
	locks := new([2]Spin)
	low, high := &locks[0], &locks[1]
	low.Init(Pool)
	high.Init(Pool)
	for _, named := range [][2]*Spin{{low, high}, {high, low}} {
		owner, waiter, third := cpu(0), cpu(1), cpu(2)
		low.Lock(owner)
		arrived := low.next.Load() + 1
		done := make(chan struct{})
		go func() {
			LockBoth(named[0], named[1], waiter)
			UnlockBoth(named[0], named[1], waiter)
			close(done)
		}()
		for low.next.Load() != arrived {
			runtime.Gosched()
		}
		require.True(t, high.TryLock(third), "taken too early")
		high.Unlock(third)
		low.Unlock(owner)
		<-done
	}
}

func TestBothRefusals(t *testing.T) {
	a, b := spin(Pool), spin(Frames)
	assert.Equal(t, OutOfOrder, fault(t, func() { LockBoth(a, b, cpu(0)) }).Kind, "two levels")
	c, d, h := spin(Pool), spin(Pool), cpu(1)
	c.Lock(h)
	assert.Equal(t, NotOwner, fault(t, func() { UnlockBoth(c, d, h) }).Kind)
	assert.Equal(t, NotOwner, fault(t, func() { UnlockBoth(d, c, h) }).Kind)
}

// CPUs enter in the order in which they arrived.
func TestFair(t *testing.T) {
	const n = 6
	l, first := spin(Pool), cpu(n)
	l.Lock(first)
	var order []int
	var wg sync.WaitGroup
	for id := range n {
		wg.Go(func() {
			h := cpu(id)
			l.Lock(h)
			order = append(order, id)
			l.Unlock(h)
		})
		for l.next.Load() != uint32(id)+2 { // until this one has arrived
			runtime.Gosched()
		}
	}
	l.Unlock(first)
	wg.Wait()
	assert.Equal(t, []int{0, 1, 2, 3, 4, 5}, order)
}

// A CPU that spins answers requests: here the owner lets go only after the
// waiter has served it, which would hang without Serve.
func TestSpinnersServe(t *testing.T) {
	l, other := spin(Pool), spin(Pool)
	var rw RW
	rw.Init(Pool)
	type side struct{ take, release func(*Holder) }
	exclusive := side{l.Lock, l.Unlock}
	writer := side{rw.Lock, rw.Unlock}
	tests := map[string]struct{ owner, waiter side }{
		"spin": {exclusive, exclusive},
		"both": {exclusive, side{
			func(h *Holder) { LockBoth(l, other, h) },
			func(h *Holder) { UnlockBoth(l, other, h) },
		}},
		"both, second": {side{other.Lock, other.Unlock}, side{
			func(h *Holder) { LockBoth(l, other, h) },
			func(h *Holder) { UnlockBoth(l, other, h) },
		}},
		"writer": {writer, writer},
		"reader": {writer, side{rw.RLock, rw.RUnlock}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			owner := cpu(0)
			test.owner.take(owner)
			var answered atomic.Bool
			waiter := &Holder{CPU: 1, Serve: func(*Holder) {
				answered.Store(true)
				runtime.Gosched()
			}}
			done := make(chan struct{})
			go func() {
				test.waiter.take(waiter)
				test.waiter.release(waiter)
				close(done)
			}()
			for !answered.Load() {
				runtime.Gosched()
			}
			test.owner.release(owner)
			<-done
			waiter.AssertNone()
		})
	}
}

func TestReadersAndWriters(t *testing.T) {
	var l RW
	l.Init(Pool)
	var a, b int // always equal outside a writer
	crowd(8, func(h *Holder, turn int) {
		if (turn+int(h.CPU))%4 == 0 {
			l.Lock(h)
			a++
			runtime.Gosched()
			b++
			l.Unlock(h)
			return
		}
		l.RLock(h)
		if a != b {
			t.Error("a reader saw a writer at work")
		}
		l.RUnlock(h)
	})
	assert.Equal(t, 8*turns/4, a)
}

// Readers share the lock, a writer that waits keeps later readers out, and
// enters when the earlier ones have left.
func TestReadersShareAndWritersAreNotStarved(t *testing.T) {
	var l RW
	l.Init(Pool)
	r1, r2 := cpu(1), cpu(2)
	l.RLock(r1)
	l.RLock(r2) // returns: readers share

	var order []string
	var wg sync.WaitGroup
	wg.Go(func() {
		h := cpu(3)
		l.Lock(h)
		order = append(order, "writer")
		l.Unlock(h)
	})
	for l.next.Load() != 3 {
		runtime.Gosched()
	}
	wg.Go(func() {
		h := cpu(4)
		l.RLock(h)
		order = append(order, "reader")
		l.RUnlock(h)
	})
	for l.next.Load() != 4 {
		runtime.Gosched()
	}
	l.RUnlock(r2)
	l.RUnlock(r1)
	wg.Wait()
	assert.Equal(t, []string{"writer", "reader"}, order)
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for l := Level(0); l < levels; l++ {
		name := l.String()
		assert.NotEmpty(t, name)
		assert.False(t, seen[name], name)
		seen[name] = true
	}
	assert.Equal(t, "unknown level", levels.String())
	for k := NoLevel; k <= HeldAcrossWait; k++ {
		assert.NotEqual(t, Kind(200).String(), k.String())
	}
}

func BenchmarkUncontended(b *testing.B) {
	h, l := &Holder{}, spin(Pool)
	for b.Loop() {
		l.Lock(h)
		l.Unlock(h)
	}
}
