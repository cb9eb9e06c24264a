package shootdown

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
)

// simulated is a machine whose CPUs are goroutines. Each has a TLB of one
// translation a page; a translation is the number of a frame.
type simulated struct {
	table  [8]atomic.Uint64 // page table; entry n is changed by CPU n%cpus only
	freed  [1 << 16]atomic.Bool
	next   atomic.Uint64
	kicked [4]atomic.Bool
	tlb    [4][8]uint64 // each CPU's own
}

func (s *simulated) flush(cpu int, r Request) {
	if r == All {
		s.tlb[cpu] = [8]uint64{}
		return
	}
	first, pages := r.Pages()
	for n := range pages {
		s.tlb[cpu][uint64(first)>>frame.PageShift+n] = 0
	}
}

// run is one CPU's life: it uses pages, changes its own, sleeps now and then.
func (s *simulated) run(t *testing.T, cpu int, ended *atomic.Int32) {
	h := &lock.Holder{CPU: uint32(cpu), Serve: Serve}
	random := rand.New(rand.NewPCG(1, uint64(cpu)))
	interrupts := func() {
		if s.kicked[cpu].Swap(false) {
			Serve(h)
		}
	}
	Online(h)
	for range 1500 {
		n := random.IntN(len(s.table))
		if s.tlb[cpu][n] == 0 {
			s.tlb[cpu][n] = s.table[n].Load()
		}
		if s.freed[s.tlb[cpu][n]].Load() {
			t.Errorf("cpu %d uses frame %d after it was freed", cpu, s.tlb[cpu][n])
		}
		switch random.IntN(8) {
		case 0, 1: // replace one page's frame
			n = n/4*4 + cpu
			old := s.table[n].Swap(s.next.Add(1))
			Flush(h, Everyone, Page(frame.VAddr(n)<<frame.PageShift))
			s.freed[old].Store(true)
		case 2: // replace two, and wait once
			a, b := cpu, cpu+4
			oldA := s.table[a].Swap(s.next.Add(1))
			first := Ask(h, Everyone, Page(frame.VAddr(a)<<frame.PageShift))
			oldB := s.table[b].Swap(s.next.Add(1))
			second := Ask(h, Everyone, Page(frame.VAddr(b)<<frame.PageShift))
			s.tlb[cpu][a], s.tlb[cpu][b] = 0, 0
			Wait(h, second)
			Wait(h, first)
			s.freed[oldA].Store(true)
			s.freed[oldB].Store(true)
		case 3: // sleep
			Idle(h)
			interrupts()
			runtime.Gosched()
			Online(h)
		}
		interrupts()
	}
	for ended.Add(1); int(ended.Load()) < len(s.kicked); runtime.Gosched() {
		interrupts()
	}
}

func TestGoroutinesAsCPUs(t *testing.T) {
	machine = core[atomic.Uint64, *atomic.Uint64]{}
	s := &simulated{}
	Init(s.flush, func(cpu int) { s.kicked[cpu].Store(true) })
	for n := range s.table {
		s.table[n].Store(s.next.Add(1))
	}
	var ended atomic.Int32
	var all sync.WaitGroup
	for cpu := range s.kicked {
		all.Go(func() { s.run(t, cpu, &ended) })
	}
	all.Wait()
	assert.Greater(t, s.next.Load(), uint64(1000))
}

func TestSilentCPUIsReported(t *testing.T) {
	machine = core[atomic.Uint64, *atomic.Uint64]{}
	kicks := 0
	Init(func(int, Request) {}, func(int) { kicks++ })
	machine.known.Store(1 << 2)
	machine.cpus[2].state.Store(running)
	klog.OnBug = func(reason []byte) { panic(string(reason)) }
	defer func() { klog.OnBug = nil }()
	h := &lock.Holder{CPU: 0}
	ticket := Ask(h, Everyone, All)
	assert.False(t, Done(h, ticket))
	assert.PanicsWithValue(t, "CPUs 0x4 do not answer a TLB flush", func() { wait(h, ticket, 10) })
	assert.Equal(t, giveUpAfter, kicks, "and it was interrupted again and again")
}

func TestWaitingWithALockIsABug(t *testing.T) {
	machine = core[atomic.Uint64, *atomic.Uint64]{}
	Init(func(int, Request) {}, func(int) {})
	klog.OnBug = func(reason []byte) { panic(string(reason)) }
	defer func() { klog.OnBug = nil }()
	var l lock.Spin
	l.Init(lock.Console)
	h := &lock.Holder{}
	l.Lock(h)
	assert.Panics(t, func() { Wait(h, Ticket{}) })
	l.Unlock(h)
	assert.NotPanics(t, func() { Wait(h, Ticket{}) })
}

func TestRequest(t *testing.T) {
	for _, c := range []struct {
		first frame.VAddr
		pages uint64
	}{{0x1000, 1}, {0xffff_8000_0000_0000, 512}, {0xffff_ffff_ffff_f000, 1}, {0x7fff_ffff_f000, 1}, {0, 65534}} {
		first, pages := Range(c.first, c.pages).Pages()
		assert.Equal(t, c.first, first)
		assert.Equal(t, c.pages, pages)
	}
	first, _ := Page(0x1234).Pages()
	assert.EqualValues(t, 0x1000, first)
	assert.Equal(t, All, Range(0x1000, 0))
	assert.Equal(t, All, Range(0x1000, 65535))
	assert.Equal(t, All, Range(0x8000_0000_0000, 1), "not canonical")
	assert.Equal(t, All, Range(0x7fff_ffff_f000, 2), "runs out of the lower half")
	assert.Equal(t, All, Range(0xffff_ffff_ffff_f000, 2), "wraps")
	require.NotEqual(t, All, Range(0xffff_ffff_ffff_f000, 1))
}
