package sched

import (
	"bytes"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fake is a layer on which a goroutine stands for each thread. One of them runs on each vCPU at a time; switching hands a
// token on. An event interrupts a thread where that calls step.
type fake struct {
	s       *scheduler
	began   time.Time
	tokens  [MaxThreads + 1]chan struct{} // by the thread's ID
	threads sync.Map                      // by the goroutine's number
	vcpus   []fakeVCPU
	stop    chan struct{}
}

type fakeVCPU struct {
	pending atomic.Bool
	wake    chan struct{}
	timer   atomic.Uint64
	waits   atomic.Int64 // that ended
}

func newFake(t *testing.T, vcpus int) *fake {
	f := &fake{s: new(scheduler), began: time.Now(), vcpus: make([]fakeVCPU, vcpus), stop: make(chan struct{})}
	for i := range f.tokens {
		f.tokens[i] = make(chan struct{}, 1)
	}
	for i := range f.vcpus {
		f.vcpus[i].wake = make(chan struct{}, 1)
	}
	f.s.init(f, uint32(vcpus))
	f.s.settled = true
	f.threads.Store(goroutine(), f.s.first())
	t.Cleanup(func() { close(f.stop) })
	return f
}

// goroutine is the number of the one that runs.
func goroutine() int {
	var text [64]byte
	words := bytes.Fields(text[:runtime.Stack(text[:], false)])
	n, err := strconv.Atoi(string(words[1]))
	if err != nil {
		panic(err)
	}
	return n
}

func (f *fake) current() *Thread {
	t, _ := f.threads.Load(goroutine())
	return t.(*Thread)
}

func (f *fake) this() uint32             { return f.current().on.id }
func (f *fake) now() uint64              { return uint64(time.Since(f.began)) + 1 }
func (f *fake) stack(int) (uint64, bool) { return 1 << 40, true }
func (f *fake) setTimer(at uint64)       { f.vcpus[f.this()].timer.Store(at) }
func (f *fake) take()                    { f.vcpus[f.this()].pending.Store(false) }
func (f *fake) putOff()                  {}

func (f *fake) call(vcpu uint32) {
	v := &f.vcpus[vcpu]
	v.pending.Store(true)
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

func (f *fake) wait(until uint64) {
	v := &f.vcpus[f.this()]
	if v.pending.Load() {
		return
	}
	var late <-chan time.Time
	if until != 0 {
		late = time.After(time.Duration(int64(until - f.now())))
	}
	select {
	case <-v.wake:
	case <-late:
	case <-f.stop:
		runtime.Goexit()
	}
	v.waits.Add(1)
}

func (f *fake) switchTo(from, to *Thread) {
	ended := from.state == unused
	f.tokens[to.ID] <- struct{}{}
	if ended {
		runtime.Goexit()
	}
	f.receive(from)
}

func (f *fake) receive(t *Thread) {
	select {
	case <-f.tokens[t.ID]:
	case <-f.stop:
		runtime.Goexit()
	}
}

func (f *fake) start(_ uint32, t *Thread) {
	go func() {
		f.threads.Store(goroutine(), t)
		f.s.begin()
	}()
}

// step is where an event may interrupt a thread.
func (f *fake) step() {
	v := &f.vcpus[f.this()]
	if at := v.timer.Load(); at != 0 && at <= f.now() {
		v.timer.Store(0)
		f.s.vcpu().armed = 0
		v.pending.Store(true)
	}
	if v.pending.Load() {
		f.s.interrupt()
	}
}

// fork makes a thread. It tells whether there is room for one.
func (f *fake) fork(body func()) bool {
	f.s.lock.Lock()
	t := f.s.add()
	f.s.unlock()
	if t == nil {
		return false
	}
	go func() {
		f.threads.Store(goroutine(), t)
		f.receive(t)
		f.s.unlock()
		body()
		f.s.lock.Lock()
		t.state = ended
		f.s.next()
	}()
	f.s.lock.Lock()
	f.s.enqueue(t)
	f.s.unlock()
	return true
}

func (f *fake) sleep(span time.Duration) (woken bool) {
	f.s.lock.Lock()
	woken = f.s.waitFor(0, f.now()+uint64(span))
	f.s.unlock()
	return woken
}

// A word is what threads wait for: a futex.
type word struct{ v uint32 }

func (w *word) key() uint64 { return uint64(addressOf(&w.v)) }

func (f *fake) wake(w *word, most int) int {
	f.s.lock.Lock()
	n := f.s.wakeAll(w.key(), most)
	f.s.unlock()
	return n
}

// await waits until the word is not 0 any more.
func (f *fake) await(w *word) {
	for atomic.LoadUint32(&w.v) == 0 {
		f.s.waitWhile(&w.v, w.key(), 0, 0)
	}
}

func (f *fake) set(w *word) {
	atomic.StoreUint32(&w.v, 1)
	f.wake(w, MaxThreads)
}

// A mutex is one as the runtime makes them of futexes.
type mutex struct{ word }

func (f *fake) lockMutex(m *mutex) {
	if atomic.CompareAndSwapUint32(&m.v, 0, 1) {
		return
	}
	for atomic.SwapUint32(&m.v, 2) != 0 {
		f.s.waitWhile(&m.v, m.key(), 2, 0)
	}
}

func (f *fake) unlockMutex(m *mutex) {
	if atomic.SwapUint32(&m.v, 0) == 2 {
		f.wake(&m.word, 1)
	}
}
