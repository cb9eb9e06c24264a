package sched

import (
	"tuco/kernel/lock"
	"tuco/kernel/vtime"
)

// Decision is what a CPU does next.
type Decision struct {
	// Next runs; nil: nothing does.
	Next *Entity
	// Leaves was on the CPU and is not any more. The caller saves its registers
	// and then calls Left, before it calls Pick again. Nil if there is no change,
	// or nothing ran.
	Leaves *Entity
	// Until is when Pick is to be called again, if nothing else happens; Never
	// if it need not.
	Until uint64
	// Kick has a bit for each CPU that has to call Pick.
	Kick uint64
}

// Pick decides what this CPU runs from now on. It is called at the time that the
// last Decision said, when another CPU asks for it, and when what runs has
// blocked or yielded. now is in nanoseconds.
func (s *Scheduler) Pick(h *lock.Holder, cpu int, now uint64) (d Decision) {
	q := &s.queues[cpu]
	q.lock.Lock(h)
	q.charge(now)
	now = q.charged
	if q.current != nil && !q.stays(h, now) {
		q.current = nil
	}
	q.unpark(now)
	q.choose(h, now)
	if q.current == nil {
		q.publish()
		s.idle.Or(1 << q.cpu) // before we look for work: see forIdle
		for more := true; more && q.current == nil; {
			q.lock.Unlock(h)
			more = s.pull(h, q)
			q.lock.Lock(h)
			q.choose(h, now) // may park what came: then there is one fewer to come
		}
	}
	if bit := uint64(1) << q.cpu; q.current != nil && s.idle.Load()&bit != 0 {
		s.idle.And(^bit)
		d.Kick = s.passOn(q)
	}
	d.Next, d.Leaves = q.current, q.leaving
	q.bound(now)
	d.Until = q.until
	q.raiseFloor()
	q.publish()
	if q.leaving != nil {
		q.lock.Unlock(h) // Left balances
		return d
	}
	d.Kick |= s.balance(h, q, now)
	return d
}

// Left says that the registers of the entity which the last Pick took off
// this CPU are saved. It returns the CPUs that have to call Pick.
func (s *Scheduler) Left(h *lock.Holder, cpu int, now uint64) (kick uint64) {
	q := &s.queues[cpu]
	q.lock.Lock(h)
	e, evicted := q.leaving, q.evicted
	q.leaving, q.evicted = nil, nil
	if e != nil {
		e.onCPU.Store(false) // release: whoever sees it sees the registers saved
	}
	if evicted != nil {
		return s.put(h, q, evicted, now)
	}
	return s.balance(h, q, max(now, q.charged))
}

// stays decides whether the current entity may go on running, and otherwise
// takes it off. It is not in a heap then, unless it is parked.
func (q *queue) stays(h *lock.Holder, now uint64) bool {
	e := q.current
	state := vtime.Runnable
	switch {
	case !e.runnable():
		e.place, state = nowhere, e.idleState()
	case !e.mayRunOn(q.cpu):
		e.place, q.evicted = limbo, e
	default:
		until, ok := q.afford(h, e, now)
		if ok {
			return true
		}
		q.park(e, until)
	}
	q.refund(h, e, now)
	q.uncount(e)
	q.leave(e, state, now)
	return false
}

// leave notes that the current entity stops running.
func (q *queue) leave(e *Entity, state vtime.State, now uint64) {
	e.yielded = false
	e.runstate.Change(state, now)
	q.leaving = e
}

// choose makes the right entity of this queue the current one; none, if none
// can run.
func (q *queue) choose(h *lock.Holder, now uint64) {
	for {
		next := q.first()
		if next == nil || q.current != nil && !q.prefers(next, now) {
			break
		}
		q.dequeue(next)
		if until, ok := q.afford(h, next, now); !ok {
			q.uncount(next)
			q.park(next, until)
			continue
		}
		if prev := q.current; prev != nil {
			q.refund(h, prev, now)
			q.leave(prev, vtime.Runnable, now)
			q.enqueue(prev)
		}
		q.enter(next, now)
		return
	}
	if q.current != nil {
		q.current.yielded = false // there was nobody to give way to
	}
}

// enter makes an entity, which is in no heap, the current one.
func (q *queue) enter(e *Entity, now uint64) {
	e.place, e.boosted = current, false
	e.runstate.Change(vtime.Running, now)
	q.current = e
	q.sliceEnd = now
	if q.leaving == e {
		q.leaving = nil // it has come back before it was gone
		return
	}
	e.onCPU.Store(true)
	q.stats.Switches++
}

// prefers tells whether an entity is to run in place of the current one.
func (q *queue) prefers(e *Entity, now uint64) bool {
	c := q.current
	switch {
	case c.yielded:
		return true
	case e.boosted && e.vtime+preemptLag <= c.vtime:
		return true
	}
	return now >= q.sliceEnd && e.vtime < c.vtime
}

// bound finds out when Pick has to be called next.
func (q *queue) bound(now uint64) {
	q.until = Never
	if e := q.parked.root; e != nil {
		q.until = e.key
	}
	e := q.current
	if e == nil {
		return
	}
	switch other := q.first(); {
	case other == nil:
		q.sliceEnd = Never
	case q.sliceEnd == Never || q.sliceEnd <= now:
		q.sliceEnd = now + slice
		if other.vtime > e.vtime {
			// As long as it takes to get as far as the other, and a slice.
			lead := min(other.vtime-e.vtime, maxLag)
			q.sliceEnd = now + min(slice+lead*uint64(e.group.Weight())/DefaultWeight, maxSlice)
		}
	}
	q.until = min(q.until, q.sliceEnd)
	if e.group.refill.Load() != 0 {
		q.until = min(q.until, now+uint64(max(e.part, 1)))
	}
}
