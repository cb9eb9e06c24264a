package sched

import (
	"sync/atomic"

	"tuco/kernel/lock"
	"tuco/kernel/vtime"
)

// Times in nanoseconds, and where a virtual time is meant, at DefaultWeight.
const (
	// slice is how long a vCPU runs while others wait, as long as none is further
	// behind; it may be longer by its lag, but not longer than maxSlice.
	slice    = 4_000_000
	maxSlice = 12_000_000

	// wakeCredit is how far a vCPU that wakes is put before the others at the most.
	wakeCredit = 4_000_000
	// preemptLag is how far behind the running vCPU it must be to interrupt it.
	preemptLag = 500_000
	// maxLag is how far from the others' a vCPU's virtual time may be where it is put.
	maxLag = 40_000_000
	// balanceLag is how far behind another CPU a vCPU must be to go there.
	balanceLag = 8_000_000
	// balanceEvery is how often a CPU looks for that.
	balanceEvery = 4_000_000
)

// Never is the time of what does not happen.
const Never = ^uint64(0)

// queue is a CPU's share of the work. Fields that are atomic are read by other
// CPUs, which decide by them and then look again under the lock.
type queue struct {
	lock lock.Spin
	cpu  uint32

	current *Entity
	leaving *Entity // was switched from, and its registers are not saved yet
	evicted *Entity // is leaving, and has to go elsewhere when it has left

	charged  uint64 // current's time is counted up to here; it never falls
	until    uint64 // when Pick is to be called next
	sliceEnd uint64

	run    heap // may run elsewhere too
	pinned heap // may run here only
	parked heap // by the end of their parking

	floor       uint64 // virtual time: of whoever is furthest behind; never falls
	nextBalance uint64

	load    atomic.Int64  // weights of those that run or wait here
	movable atomic.Uint32 // how many are in run

	// The CPU's progress, for others: the current entity's virtual time base at
	// the time at, its pace, and the virtual time of whoever waits first.
	base, at, pace, head atomic.Uint64

	stats Stats
	_     [64]byte // keeps CPUs off each other's cache lines
}

// Stats counts a CPU's decisions.
type Stats struct {
	Switches uint64 // another vCPU than before
	Pulled   uint64 // vCPUs taken from another CPU because there was nothing to run
	Pushed   uint64 // vCPUs given to another CPU
}

// first is the entity that waits and is furthest behind.
func (q *queue) first() *Entity {
	a, b := q.run.root, q.pinned.root
	if a == nil || b != nil && b.key < a.key {
		return b
	}
	return a
}

// charge counts the current entity's time up to now. Clocks of two CPUs may
// differ a little; no time is counted twice.
func (q *queue) charge(now uint64) {
	now = max(now, q.charged)
	ran := now - q.charged
	q.charged = now
	if e := q.current; e != nil {
		e.vtime += virtual(ran, e.group.pace.Load())
		if e.group.refill.Load() != 0 {
			e.part -= int64(ran)
		}
	}
	q.raiseFloor()
}

func (q *queue) raiseFloor() {
	low := uint64(Never)
	if q.current != nil {
		low = q.current.vtime
	}
	if e := q.first(); e != nil {
		low = min(low, e.vtime)
	}
	if low != Never {
		q.floor = max(q.floor, low)
	}
}

// vacant tells whether nothing runs or waits here.
func (q *queue) vacant() bool { return q.current == nil && q.first() == nil }

// settle gives an entity that comes here a virtual time which means something here:
// not further behind the others than credit, not further ahead than maxLag.
func (q *queue) settle(e *Entity, credit uint64) {
	if q.vacant() {
		q.floor = max(q.floor, e.vtime)
	}
	if q.floor > credit {
		e.vtime = max(e.vtime, q.floor-credit)
	}
	e.vtime = min(e.vtime, q.floor+maxLag)
}

// enqueue puts an entity, which is in no heap, among those that wait.
func (q *queue) enqueue(e *Entity) {
	e.place, e.key = queued, e.vtime
	if e.pinned = e.affinity == 1<<q.cpu; e.pinned {
		q.pinned.insert(e)
	} else {
		q.run.insert(e)
		q.movable.Add(1)
	}
}

// dequeue takes an entity out of the heap that it is in.
func (q *queue) dequeue(e *Entity) {
	switch {
	case e.place == parked:
		q.parked.remove(e)
	case e.pinned:
		q.pinned.remove(e)
	default:
		q.run.remove(e)
		q.movable.Add(^uint32(0))
	}
	e.place = nowhere
}

// count adds the entity's weight to the load; uncount takes it off.
func (q *queue) count(e *Entity) {
	e.weight = e.group.Weight()
	q.load.Add(int64(e.weight))
}

func (q *queue) uncount(e *Entity) { q.load.Add(-int64(e.weight)) }

// arrive makes an entity that has become runnable, or comes from another CPU,
// wait here. It tells whether this CPU has to call Pick.
func (q *queue) arrive(e *Entity, now, credit uint64) (kick bool) {
	q.charge(now)
	q.settle(e, credit)
	e.runstate.Change(vtime.Runnable, now)
	q.count(e)
	q.enqueue(e)
	q.publish()
	if q.current == nil {
		return true
	}
	// Interrupt whoever runs if it is far enough ahead, or if nobody has bounded
	// its slice.
	return e.vtime+preemptLag <= q.current.vtime || q.until > q.charged+maxSlice
}

// park makes the entity wait for its group's next period. It is in no heap.
func (q *queue) park(e *Entity, until uint64) {
	e.place, e.key = parked, until
	q.parked.insert(e)
}

// unpark lets those wait for the CPU whose group has a budget again.
func (q *queue) unpark(now uint64) {
	for e := q.parked.root; e != nil && e.key <= now; e = q.parked.root {
		q.parked.remove(e)
		q.settle(e, wakeCredit)
		q.count(e)
		q.enqueue(e)
	}
}

// publish tells other CPUs how far this one is.
func (q *queue) publish() {
	base, pace := uint64(Never), uint64(0)
	if q.current != nil {
		base, pace = q.current.vtime, q.current.group.pace.Load()
	}
	q.base.Store(base)
	q.at.Store(q.charged)
	q.pace.Store(pace)
	head := uint64(Never)
	if e := q.first(); e != nil {
		head = e.vtime
	}
	q.head.Store(head)
}

// progress estimates the virtual time of whoever is furthest behind on another
// CPU; false if that is idle.
func (q *queue) progress(now uint64) (uint64, bool) {
	base, at := q.base.Load(), q.at.Load()
	if base == Never {
		return 0, false
	}
	return min(base+virtual(max(now, at)-at, q.pace.Load()), q.head.Load()), true
}

// afford makes sure that an entity of a capped group has a part of the budget to
// run on. If there is none it tells until when.
func (q *queue) afford(h *lock.Holder, e *Entity, now uint64) (until uint64, ok bool) {
	if e.group.refill.Load() == 0 {
		e.part = 0
		return 0, true
	}
	if e.part > 0 {
		return 0, true
	}
	debt := e.part
	e.part = 0
	if debt < 0 {
		e.group.give(h, now, debt, e.partEnd)
	}
	e.part, e.partEnd = e.group.take(h, now)
	return e.partEnd, e.part > 0
}

// refund gives back what an entity that stops running has not used.
func (q *queue) refund(h *lock.Holder, e *Entity, now uint64) {
	if e.part != 0 && e.group.refill.Load() != 0 {
		e.group.give(h, now, e.part, e.partEnd)
	}
	e.part = 0
}
