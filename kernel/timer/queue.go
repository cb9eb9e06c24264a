package timer

import (
	"sync/atomic"

	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/trace"
)

// Timer is a one-shot timer. Its owner, who serialises Set and Cancel, gives it
// Func and Arg before the first Set. It must not move or be freed while it is
// pending.
type Timer struct {
	// Func runs on the CPU that called Set, in its timer interrupt, with no lock
	// held. It may set this timer or others. h is that CPU's.
	Func func(h *lock.Holder, arg uint64)
	Arg  uint64

	deadline uint64
	home     uint32      // the CPU whose queue it is in, or was last
	pending  atomic.Bool // written under the home queue's lock; only the owner's calls make it true

	child, next, prev *Timer // in the heap; prev is the left sibling, or the parent
}

// queue is a CPU's timers.
type queue struct {
	lock  lock.Spin
	heap  heap
	armed uint64 // what the alarm is set for; 0 if it is not
	stats Stats
	_     [40]byte // keeps CPUs off each other's cache lines
}

// Stats is what happened to a CPU's timers.
type Stats struct {
	Pending int    // how many are set
	Run     uint64 // how many have run
	Worst   uint64 // by how much the latest one was late, in nanoseconds
	Next    uint64 // the earliest deadline; 0 if none is set
}

var queues [layout.MaxCPUs]queue

// burst is how many timers one interrupt runs.
const burst = 32

// Set makes the timer run once Now has reached the deadline, in nanoseconds; at
// once, but still from the interrupt, if it has. A pending timer is moved.
func (t *Timer) Set(h *lock.Holder, deadline uint64) {
	if t.Func == nil {
		klog.Bug("a timer with no function was set")
	}
	if t.home != h.CPU {
		t.Cancel(h)
	}
	q := &queues[h.CPU]
	q.lock.Lock(h)
	q.take(t)
	t.deadline, t.home = deadline, h.CPU
	t.pending.Store(true)
	q.heap.insert(t)
	q.stats.Pending++
	if q.heap.root == t && (q.armed == 0 || deadline < q.armed) {
		q.rearm(Now())
	}
	q.lock.Unlock(h)
	trace.Emit(int(h.CPU), trace.TimerSet, trace.NoVCPU, deadline, 0)
}

// Cancel takes back a pending timer, on whichever CPU it is. False means that
// it was not pending: its function has been run, or is just running there.
// The alarm stays as it is and may ring for nothing.
func (t *Timer) Cancel(h *lock.Holder) bool {
	if !t.pending.Load() {
		return false // and the home CPU's lock is left alone
	}
	q := &queues[t.home]
	q.lock.Lock(h)
	was := q.take(t)
	q.lock.Unlock(h)
	return was
}

// take removes a timer of this queue, if it is pending.
func (q *queue) take(t *Timer) bool {
	if !t.pending.Load() {
		return false
	}
	q.heap.remove(t)
	q.stats.Pending--
	t.pending.Store(false) // last: from here on it may be in another queue
	return true
}

// Interrupt runs what is due on this CPU, up to a bound, and sets the alarm for
// what is left.
func Interrupt(h *lock.Holder) {
	q := &queues[h.CPU]
	for range burst {
		now := Now()
		q.lock.Lock(h)
		q.armed = 0
		t, late := q.due(now)
		if t == nil {
			q.rearm(now)
			q.lock.Unlock(h)
			return
		}
		q.lock.Unlock(h)
		// From here on the owner may set it again, on another CPU.
		trace.Emit(int(h.CPU), trace.TimerRun, trace.NoVCPU, now-late, late)
		t.Func(h, t.Arg)
	}
	q.lock.Lock(h)
	q.rearm(Now())
	q.lock.Unlock(h)
}

// due takes out the earliest timer if its time has come, and tells how late it is.
func (q *queue) due(now uint64) (t *Timer, late uint64) {
	t = q.heap.root
	if t == nil || t.deadline > now {
		return nil, 0
	}
	late = now - t.deadline // read first: once the timer is not pending, its owner may set it elsewhere
	q.take(t)
	q.stats.Run++
	q.stats.Worst = max(q.stats.Worst, late)
	return t, late
}

// rearm sets the alarm for the earliest timer.
func (q *queue) rearm(now uint64) {
	if q.heap.root != nil {
		q.armed = max(q.heap.root.deadline, 1)
		q.arm(q.armed, now)
	}
}

// StatsOf is a CPU's statistics; h is the caller's.
func StatsOf(h *lock.Holder, cpu int) Stats {
	q := &queues[cpu]
	q.lock.Lock(h)
	s := q.stats
	if q.heap.root != nil {
		s.Next = q.heap.root.deadline
	}
	q.lock.Unlock(h)
	return s
}
