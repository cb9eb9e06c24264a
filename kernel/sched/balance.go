package sched

import (
	"math/bits"

	"tuco/kernel/lock"
)

// pull takes one entity that waits on another CPU, if this one has nothing to run.
// It tells whether there is something to run now. No lock is held.
func (s *Scheduler) pull(h *lock.Holder, q *queue) bool {
	others := s.online.Load() &^ (1 << q.cpu)
	// From the next CPU on, so that not all rob the first.
	for _, part := range [2]uint64{others >> q.cpu << q.cpu, others & (1<<q.cpu - 1)} {
		for ; part != 0; part &= part - 1 {
			from := &s.queues[bits.TrailingZeros64(part)]
			if from.movable.Load() == 0 {
				continue
			}
			lock.LockBoth(&q.lock, &from.lock, h)
			got := !q.vacant()
			if !got {
				got = from.move(q)
				if got {
					q.stats.Pulled++
				}
			}
			lock.UnlockBoth(&q.lock, &from.lock, h)
			if got {
				return true
			}
		}
	}
	return false
}

// passOn is called by a CPU that was idle and has found something to run. It may
// have been called for something else, which still waits: then another idle CPU
// is to look.
func (s *Scheduler) passOn(q *queue) (kick uint64) {
	idle := s.idle.Load()
	if idle == 0 {
		return 0
	}
	for others := s.online.Load() &^ (1 << q.cpu); others != 0; others &= others - 1 {
		if s.queues[bits.TrailingZeros64(others)].movable.Load() != 0 {
			return idle & -idle
		}
	}
	return 0
}

// move takes a waiting entity to another queue, and tells whether there was one for
// it. Both are locked.
func (q *queue) move(to *queue) bool {
	e := q.run.allowed(to.cpu, q.leaving)
	if e == nil {
		return false
	}
	q.uncount(e)
	q.dequeue(e)
	q.publish()
	e.home.Store(to.cpu)
	to.settle(e, maxLag)
	to.count(e)
	to.enqueue(e)
	to.publish()
	return true
}

// balance looks for a CPU that should have what waits here: an idle one, or one
// that is far ahead. It returns the CPUs that have to call Pick. The queue is
// locked, and is unlocked.
func (s *Scheduler) balance(h *lock.Holder, q *queue, now uint64) (kick uint64) {
	e := q.run.root
	if e == nil || e == q.leaving || q.current == nil {
		q.lock.Unlock(h)
		return 0
	}
	may, lag := e.affinity, e.vtime
	look := now >= q.nextBalance
	if look {
		q.nextBalance = now + balanceEvery
	}
	kick = s.forIdle(q)
	q.lock.Unlock(h)
	if kick != 0 || !look {
		return kick
	}
	to, ahead := q, lag+balanceLag
	for may &= s.online.Load() &^ (1 << q.cpu); may != 0; may &= may - 1 {
		o := &s.queues[bits.TrailingZeros64(may)]
		if p, busy := o.progress(now); busy && p > ahead {
			to, ahead = o, p
		}
	}
	if to == q {
		return 0
	}
	lock.LockBoth(&q.lock, &to.lock, h)
	to.charge(now)
	// Both may have changed since.
	e = q.run.allowed(to.cpu, q.leaving)
	if e != nil && to.current != nil && to.floor > e.vtime+balanceLag && q.move(to) {
		q.stats.Pushed++
		kick = 1 << to.cpu
	}
	lock.UnlockBoth(&q.lock, &to.lock, h)
	return kick
}
