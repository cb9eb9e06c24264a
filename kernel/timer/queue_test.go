package timer

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/klog"
	"tuco/kernel/lock"
)

// rings counts what the queues ask of the alarm.
type rings struct {
	starts    int
	ticks     uint32
	deadlines []uint64
}

// use sets a clock of 1 GHz and an alarm of 100 MHz, or one with deadlines.
func use(t *testing.T, deadline bool) *rings {
	t.Helper()
	queues = [len(queues)]queue{}
	for i := range queues {
		queues[i].lock.Init(lock.Timer)
	}
	setClock(second)
	r := &rings{}
	alarm.Alarm = Alarm{
		Setup: func(bool) {},
		Start: func(n uint32) { r.starts++; r.ticks = n },
	}
	if deadline {
		alarm.Deadline = func(tsc uint64) { r.deadlines = append(r.deadlines, tsc) }
	}
	alarm.toTicks = NewScale(100_000_000, second)
	return r
}

func holder(cpu uint32) *lock.Holder { return &lock.Holder{CPU: cpu} }

func TestRunsDueTimersInOrder(t *testing.T) {
	use(t, false)
	h := holder(0)
	var order []uint64
	var timers [5]Timer
	for i, at := range []uint64{5, 3, 4, 1, 2} {
		timers[i].Func = func(_ *lock.Holder, arg uint64) { order = append(order, arg) }
		timers[i].Arg = at
		timers[i].Set(h, at)
	}
	later := Timer{Func: func(*lock.Holder, uint64) { t.Error("not due") }}
	later.Set(h, Now()+3600*second)
	Interrupt(h)
	assert.Equal(t, []uint64{1, 2, 3, 4, 5}, order)
	s := StatsOf(h, 0)
	assert.Equal(t, 1, s.Pending)
	assert.EqualValues(t, 5, s.Run)
	assert.Equal(t, later.deadline, s.Next)
	assert.NotZero(t, s.Worst)
}

func TestAlarmIsSetForTheEarliestOnly(t *testing.T) {
	r := use(t, false)
	h := holder(0)
	nop := func(*lock.Holder, uint64) {}
	base := Now() + 10*second
	a, b, c := Timer{Func: nop}, Timer{Func: nop}, Timer{Func: nop}
	a.Set(h, base)
	assert.Equal(t, 1, r.starts)
	assert.InDelta(t, 10*100_000_000, float64(r.ticks), 100_000_000)
	b.Set(h, base+1)
	assert.Equal(t, 1, r.starts, "not earlier")
	c.Set(h, base-second)
	assert.Equal(t, 2, r.starts)
	require.True(t, c.Cancel(h))
	assert.False(t, c.Cancel(h))
	assert.Equal(t, 2, r.starts, "the alarm rings for nothing")
	Interrupt(h)
	assert.Equal(t, 3, r.starts, "and is set again")
	a.Set(h, ^uint64(0))
	b.Set(h, ^uint64(0)-1)
	Interrupt(h)
	assert.Equal(t, ^uint32(0), r.ticks, "too far for the counter: as far as it goes")
}

func TestDeadlineMode(t *testing.T) {
	r := use(t, true)
	h := holder(0)
	x := Timer{Func: func(*lock.Holder, uint64) {}}
	x.Set(h, 5*second)
	require.Len(t, r.deadlines, 1)
	assert.GreaterOrEqual(t, FromTSC(r.deadlines[0]), uint64(5*second), "never early")
	assert.LessOrEqual(t, FromTSC(r.deadlines[0]), uint64(5*second+4))
	x.Set(h, ^uint64(0))
	Interrupt(h)
	assert.Equal(t, ^uint64(0), r.deadlines[len(r.deadlines)-1])
}

func TestTimerSetsItselfAgain(t *testing.T) {
	r := use(t, false)
	h := holder(0)
	runs := 0
	var x Timer
	x.Func = func(h *lock.Holder, _ uint64) { runs++; x.Set(h, 0) }
	x.Set(h, 0)
	Interrupt(h)
	assert.Equal(t, burst, runs, "an interrupt ends, whatever is due")
	assert.EqualValues(t, 1, r.ticks, "and another follows at once")
	assert.True(t, x.Cancel(h))
}

func TestTimerMovesToTheCPUThatSetsIt(t *testing.T) {
	use(t, false)
	a, b := holder(0), holder(3)
	ran := -1
	x := Timer{Func: func(h *lock.Holder, _ uint64) { ran = int(h.CPU) }}
	x.Set(a, 1)
	x.Set(b, 1)
	Interrupt(a)
	assert.Equal(t, -1, ran)
	Interrupt(b)
	assert.Equal(t, 3, ran)
}

func TestNoFunctionIsABug(t *testing.T) {
	use(t, false)
	defer func() { klog.OnBug = nil }()
	klog.OnBug = func([]byte) { panic("bug") }
	assert.Panics(t, func() { new(Timer).Set(holder(0), 1) })
}

// TestCancelFromAnotherCPU races expiry on one CPU with cancelling on another:
// each setting either runs or is cancelled, never both and never neither.
func TestCancelFromAnotherCPU(t *testing.T) {
	use(t, false)
	alarm.Start = func(uint32) {}
	const rounds = 2000
	runs, cancels := 0, 0
	var x Timer
	x.Func = func(*lock.Holder, uint64) { runs++ }
	for range rounds {
		x.Set(holder(0), 0)
		var wg sync.WaitGroup
		cancelled := false
		wg.Go(func() { Interrupt(holder(0)) })
		wg.Go(func() { cancelled = x.Cancel(holder(1)) })
		wg.Wait()
		if cancelled {
			cancels++
		}
	}
	assert.Equal(t, rounds, runs+cancels)
}

func TestHeapAgainstAList(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		ops := make([]byte, 2000)
		for i := range ops {
			ops[i] = byte(random.Uint32())
		}
		checkHeap(t, ops)
	}
}

func FuzzHeap(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 0, 0, 0})
	f.Add([]byte{9, 8, 7, 0x81, 6, 0x82, 0, 0})
	f.Fuzz(func(t *testing.T, ops []byte) { checkHeap(t, ops) })
}

// checkHeap runs operations on a heap and a plain list. The two top bits say
// which: 0 takes the earliest out, 2 removes some timer, 1 and 3 insert one.
func checkHeap(t *testing.T, ops []byte) {
	var h heap
	var list []*Timer
	earliest := func() *Timer {
		return slices.MinFunc(list, func(a, b *Timer) int { return int(a.deadline) - int(b.deadline) })
	}
	drop := func(x *Timer) { list = slices.DeleteFunc(list, func(o *Timer) bool { return o == x }) }
	for _, op := range ops {
		switch {
		case op&0xc0 == 0 && len(list) > 0:
			x := h.root
			require.Equal(t, earliest().deadline, x.deadline)
			h.remove(x)
			drop(x)
		case op&0xc0 == 0x80 && len(list) > 0:
			x := list[int(op&0x3f)%len(list)]
			h.remove(x)
			drop(x)
			require.Equal(t, [3]*Timer{}, [3]*Timer{x.child, x.next, x.prev}, "links are left behind")
		default:
			x := &Timer{deadline: uint64(op & 0x1f)}
			h.insert(x)
			list = append(list, x)
		}
		if len(list) == 0 {
			require.Nil(t, h.root)
		}
	}
	for len(list) > 0 {
		x := h.root
		require.Equal(t, earliest().deadline, x.deadline)
		h.remove(x)
		drop(x)
	}
	require.Nil(t, h.root)
}
