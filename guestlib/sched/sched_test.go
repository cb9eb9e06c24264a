package sched

import (
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/spin"
)

func TestMain(m *testing.M) {
	spin.Relax = runtime.Gosched
	os.Exit(m.Run())
}

func addressOf(p *uint32) uintptr { return uintptr(unsafe.Pointer(p)) }

// onVCPUs runs a test's first thread with so many.
func onVCPUs(t *testing.T, test func(t *testing.T, f *fake)) {
	for _, n := range []int{1, 2, 4} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				test(t, newFake(t, n))
			}()
			select {
			case <-done:
			case <-time.After(2 * time.Minute):
				panic("the threads wait for ever")
			}
		})
	}
}

// Two threads call each other in turn. A call that is lost ends it.
func TestPingPong(t *testing.T) {
	onVCPUs(t, func(t *testing.T, f *fake) {
		const rounds = 1000
		var ping, pong [rounds]word
		f.fork(func() {
			for i := range rounds {
				f.await(&ping[i])
				f.set(&pong[i])
			}
		})
		for i := range rounds {
			f.set(&ping[i])
			f.await(&pong[i])
		}
	})
}

// More threads than vCPUs add to a sum behind a mutex, end, and others take their places.
func TestMutex(t *testing.T) {
	onVCPUs(t, func(t *testing.T, f *fake) {
		const generations, workers, rounds = 4, 40, 50
		var m mutex
		sum := 0
		for range generations {
			var left atomic.Int32
			var done word
			left.Store(workers)
			for range workers {
				require.True(t, f.fork(func() {
					for range rounds {
						f.lockMutex(&m)
						sum++
						f.step()
						f.unlockMutex(&m)
						f.step()
					}
					if left.Add(-1) == 0 {
						f.set(&done)
					}
				}))
			}
			f.await(&done)
		}
		require.Equal(t, generations*workers*rounds, sum)
	})
}

// A thread that never waits does not keep its vCPU from others, when its slice is over.
func TestSlices(t *testing.T) {
	onVCPUs(t, func(t *testing.T, f *fake) {
		var stop, left atomic.Int32
		var done word
		left.Store(8)
		for range 8 {
			f.fork(func() {
				for stop.Load() == 0 {
					f.step()
				}
				if left.Add(-1) == 0 {
					f.set(&done)
				}
			})
		}
		for range 3 {
			f.sleep(time.Millisecond)
		}
		stop.Store(1)
		f.await(&done)
	})
}

// Nobody wakes before it is time.
func TestSleep(t *testing.T) {
	onVCPUs(t, func(t *testing.T, f *fake) {
		const sleepers, rounds = 20, 5
		var left, early atomic.Int32
		var done word
		left.Store(sleepers)
		for i := range sleepers {
			f.fork(func() {
				for round := range rounds {
					begin, span := f.now(), time.Duration((i*7+round*13)%19)*time.Millisecond/4
					if f.sleep(span); f.now() < begin+uint64(span) {
						early.Add(1)
					}
				}
				if left.Add(-1) == 0 {
					f.set(&done)
				}
			})
		}
		f.await(&done)
		require.Zero(t, early.Load())
	})
}

// Deadlines and calls at the same time: a thread is in no list twice, and in none that it has left.
func TestWaitsThatEndInTwoWays(t *testing.T) {
	onVCPUs(t, func(t *testing.T, f *fake) {
		const waiters, rounds = 10, 100
		var left, ended atomic.Int32
		var w, done word
		left.Store(waiters)
		for i := range waiters {
			f.fork(func() {
				random := rand.New(rand.NewPCG(uint64(i), 1))
				for range rounds {
					f.s.waitWhile(&w.v, w.key(), 0, f.now()+uint64(random.IntN(200_000)))
					ended.Add(1)
				}
				if left.Add(-1) == 0 {
					f.set(&done)
				}
			})
		}
		for left.Load() > 0 {
			f.wake(&w, 3)
			f.sleep(50 * time.Microsecond)
		}
		f.await(&done)
		require.Equal(t, int32(waiters*rounds), ended.Load())
		require.Nil(t, f.s.waitersOf(w.key()).first)
		for i := range f.s.vcpus {
			require.Nil(t, f.s.vcpus[i].timed.first)
		}
	})
}

// Those are woken first that have waited longest, and no others.
func TestWakeOrder(t *testing.T) {
	f := newFake(t, 1)
	var w, other word
	order := make(chan int, 5)
	for i := range 5 {
		f.fork(func() {
			key := &w
			if i == 2 {
				key = &other
			}
			f.s.waitWhile(&key.v, key.key(), 0, 0)
			order <- i
		})
		f.sleep(time.Millisecond)
	}
	require.Zero(t, f.wake(&word{}, 1))
	for _, want := range []int{0, 1, 3, 4} {
		require.Equal(t, 1, f.wake(&w, 1))
		f.sleep(time.Millisecond)
		require.Equal(t, want, <-order)
	}
	require.Zero(t, f.wake(&w, 1))
	require.Equal(t, 1, f.wake(&other, 2))
}

// A word that has changed is not waited for.
func TestChangedWord(t *testing.T) {
	f := newFake(t, 1)
	w := word{5}
	is, _ := f.s.waitWhile(&w.v, w.key(), 4, 0)
	require.False(t, is)
}

// A signal ends a wait, and keeps the next from beginning until it is taken.
func TestSignals(t *testing.T) {
	onVCPUs(t, func(t *testing.T, f *fake) {
		const rounds = 200
		var thread atomic.Pointer[Thread]
		var taken atomic.Int32
		var never, began, done word
		f.fork(func() {
			t := f.current()
			thread.Store(t)
			f.set(&began)
			for taken.Load() < rounds {
				f.s.waitWhile(&never.v, never.key(), 0, 0)
				if t.Signals.Pending.Swap(0) != 0 {
					taken.Add(1)
				}
				f.step()
			}
			f.set(&done)
		})
		f.await(&began)
		for round := range int32(rounds) {
			for taken.Load() == round {
				f.s.signal(thread.Load(), 23)
				f.s.lock.Lock()
				f.s.yield()
				f.s.unlock()
				f.step()
			}
		}
		f.await(&done)
	})
}

// A program that has nothing to do wakes nobody, but one vCPU for each sleep that is over.
func TestIdleVCPUsStayAsleep(t *testing.T) {
	f := newFake(t, 4)
	var left atomic.Int32
	var done word
	left.Store(8)
	for range 8 { // start them all
		f.fork(func() {
			f.sleep(time.Millisecond)
			if left.Add(-1) == 0 {
				f.set(&done)
			}
		})
	}
	f.await(&done)
	f.sleep(5 * time.Millisecond)
	require.Equal(t, uint32(4), f.s.up)
	before := int64(0)
	for i := range f.vcpus {
		before += f.vcpus[i].waits.Load()
	}
	const sleeps = 10
	for range sleeps {
		f.sleep(2 * time.Millisecond)
	}
	after := int64(0)
	for i := range f.vcpus {
		after += f.vcpus[i].waits.Load()
	}
	require.Equal(t, int64(sleeps), after-before)
}

func TestTooManyThreads(t *testing.T) {
	f := newFake(t, 1)
	n := 1
	for f.fork(func() {}) {
		n++
	}
	require.Equal(t, MaxThreads, n)
	f.sleep(time.Millisecond)
	require.True(t, f.fork(func() {}), "they have ended")
}

func TestListByTime(t *testing.T) {
	l := list{kind: byTime}
	threads := make([]Thread, 50)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range threads {
		threads[i].deadline = uint64(random.IntN(20))
		l.insertByTime(&threads[i])
	}
	for i := range threads {
		if i%3 == 0 {
			l.remove(&threads[i])
		}
	}
	n := 0
	var last *Thread
	for t1 := l.first; t1 != nil; t1 = t1.links[byTime].next {
		if last != nil {
			require.LessOrEqual(t, last.deadline, t1.deadline)
		}
		require.Equal(t, last, t1.links[byTime].previous)
		last = t1
		n++
	}
	require.Equal(t, last, l.last)
	require.Equal(t, 33, n)
}
