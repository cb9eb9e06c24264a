package sched

import (
	"math/bits"
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/vtime"
)

// Scheduler is the scheduler of a machine. It is used in place, after Init.
type Scheduler struct {
	queues [layout.MaxCPUs]queue
	online atomic.Uint64 // CPUs that take part; none leaves
	idle   atomic.Uint64 // CPUs that have nothing to run
	turn   atomic.Uint32 // goes round, to spread what has no better place
}

// Init makes a scheduler without CPUs.
func (s *Scheduler) Init() {
	for i := range s.queues {
		q := &s.queues[i]
		q.cpu = uint32(i)
		q.until = Never
		q.lock.Init(lock.RunQueue)
		q.publish()
	}
}

// AddCPU lets a CPU take part. It calls Pick from then on.
func (s *Scheduler) AddCPU(cpu int) { s.online.Or(1 << cpu) }

// Idle is the CPUs that have nothing to run, as of now.
func (s *Scheduler) Idle() uint64 { return s.idle.Load() }

// Add makes e, all zero but for Arg, an entity of a group. It starts paused, to
// be let go by Unpause. affinity has a bit for each CPU that it may run on.
//
// EINVAL: none of these CPUs is online.
func (s *Scheduler) Add(h *lock.Holder, e *Entity, g *Group, affinity, now uint64) hypercall.Errno {
	if affinity&s.online.Load() == 0 {
		return hypercall.EINVAL
	}
	g.lock.Lock(h)
	g.members++
	g.lock.Unlock(h)
	e.group, e.affinity, e.holds = g, affinity, 1
	e.home.Store(s.leastLoaded(affinity))
	e.runstate.Start(vtime.Offline, now)
	return 0
}

// Remove takes back Add. The entity is paused and on no CPU, and nobody uses it
// any more.
func (s *Scheduler) Remove(h *lock.Holder, e *Entity) {
	e.group.lock.Lock(h)
	e.group.members--
	e.group.lock.Unlock(h)
	e.group = nil
}

// lockHome takes the lock of the entity's home. It starts again only if the
// entity has moved to another CPU meanwhile.
func (s *Scheduler) lockHome(h *lock.Holder, e *Entity) *queue {
	for {
		home := e.home.Load()
		q := &s.queues[home]
		q.lock.Lock(h)
		if e.home.Load() == home {
			return q
		}
		q.lock.Unlock(h)
	}
}

// Prepare begins to block the entity, which is running: a Wake from now on
// keeps it from blocking.
func (s *Scheduler) Prepare(e *Entity) { e.woken.Store(false) }

// Block blocks the entity, which is running here: the next Pick takes it off
// the CPU. False if there was a Wake since Prepare.
func (s *Scheduler) Block(h *lock.Holder, e *Entity) bool {
	q := s.lockHome(h, e)
	// Under the lock that Wake holds too: either it comes first and is seen here,
	// or it comes second and finds the entity blocked.
	ok := !e.woken.Load()
	e.blocked = e.blocked || ok
	q.lock.Unlock(h)
	return ok
}

// Yield lets the next Pick prefer whoever else waits for this CPU.
func (s *Scheduler) Yield(h *lock.Holder, e *Entity) {
	q := s.lockHome(h, e)
	e.yielded = true
	q.lock.Unlock(h)
}

// Wake wakes the entity, whatever it does. It returns the CPUs that have to call
// Pick.
func (s *Scheduler) Wake(h *lock.Holder, e *Entity, now uint64) (kick uint64) {
	q := s.lockHome(h, e)
	e.woken.Store(true)
	if !e.blocked {
		q.lock.Unlock(h)
		return 0
	}
	e.blocked = false
	e.boosted = true
	return s.release(h, q, e, now)
}

// Pause stops the entity until there was an Unpause for each Pause. It returns
// the CPU that has to call Pick, if it is running there.
func (s *Scheduler) Pause(h *lock.Holder, e *Entity, now uint64) (kick uint64) {
	q := s.lockHome(h, e)
	e.holds++
	switch e.place {
	case current:
		kick = 1 << q.cpu
	case queued:
		q.uncount(e)
		q.dequeue(e)
		q.publish()
		e.runstate.Change(vtime.Offline, now)
	case parked:
		q.dequeue(e)
		e.runstate.Change(vtime.Offline, now)
	}
	q.lock.Unlock(h)
	return kick
}

// Unpause takes back one Pause. It returns the CPUs that have to call Pick.
func (s *Scheduler) Unpause(h *lock.Holder, e *Entity, now uint64) (kick uint64) {
	q := s.lockHome(h, e)
	e.holds--
	return s.release(h, q, e, now)
}

// release lets an entity run that is not blocked, or not paused, any more, unless
// it is the other. Its home's queue is locked, and is unlocked.
func (s *Scheduler) release(h *lock.Holder, q *queue, e *Entity, now uint64) (kick uint64) {
	if e.place != nowhere {
		q.lock.Unlock(h) // it has not yet come to a stop, or somebody places it
		return 0
	}
	if !e.runnable() {
		e.runstate.Change(e.idleState(), now)
		q.lock.Unlock(h)
		return 0
	}
	if q.leaving == e {
		// Its registers are not saved: it stays here.
		if e.mayRunOn(q.cpu) {
			if q.arrive(e, now, wakeCredit) {
				kick = 1 << q.cpu
			}
		} else {
			e.runstate.Change(vtime.Runnable, now)
			e.place, q.evicted = limbo, e
		}
		q.lock.Unlock(h)
		return kick
	}
	e.place = limbo
	e.runstate.Change(vtime.Runnable, now)
	return s.put(h, q, e, now)
}

// put places an entity that is in limbo. Its home's queue is locked, and is
// unlocked.
func (s *Scheduler) put(h *lock.Holder, q *queue, e *Entity, now uint64) (kick uint64) {
	to := &s.queues[s.choose(e)]
	if to != q {
		q.lock.Unlock(h)
		lock.LockBoth(&q.lock, &to.lock, h)
		e.home.Store(to.cpu)
	}
	if !e.runnable() { // it was paused meanwhile
		e.place = nowhere
		e.runstate.Change(e.idleState(), now)
		kick = 1 << to.cpu // it may have been claimed as idle: let it say so again
	} else {
		if to.arrive(e, now, wakeCredit) {
			kick = 1 << to.cpu
		}
		kick |= s.forIdle(to)
	}
	lock.UnlockBoth(&q.lock, &to.lock, h)
	return kick
}

// forIdle returns idle CPUs for what waits in a queue, which is locked, and could
// go there: one for each of the first few. An idle CPU says so first and looks
// for work second; we make work first and look for an idle CPU second: one of the
// two finds the other.
func (s *Scheduler) forIdle(q *queue) (kick uint64) {
	idle := s.idle.Load()
	if idle == 0 || q.current == nil {
		return 0
	}
	e := q.run.root
	for n := 0; e != nil && idle != 0 && n <= candidates; n++ {
		if may := idle & e.affinity; e != q.leaving && may != 0 {
			kick |= may & -may
			idle &^= may & -may
		}
		if e == q.run.root {
			e = e.child
		} else {
			e = e.next
		}
	}
	return kick
}

// choose finds a CPU for an entity that has no place.
func (s *Scheduler) choose(e *Entity) uint32 {
	online := s.online.Load()
	may := e.affinity & online
	home := e.home.Load()
	for idle := s.idle.Load() & may; idle != 0; idle = s.idle.Load() & may {
		cpu := uint32(bits.TrailingZeros64(idle))
		if idle>>home&1 != 0 {
			cpu = home
		}
		// Others wake vCPUs too: each claims a CPU of its own.
		if s.idle.And(^(uint64(1)<<cpu))>>cpu&1 != 0 {
			return cpu
		}
	}
	if may>>home&1 == 0 {
		return s.leastLoaded(may)
	}
	// Two choices are nearly as good as all of them.
	other := s.next(may)
	if s.queues[other].load.Load()+int64(e.group.Weight()) < s.queues[home].load.Load() {
		return other
	}
	return home
}

// next goes round the CPUs of a mask that is not empty.
func (s *Scheduler) next(mask uint64) uint32 {
	from := s.turn.Add(1) % layout.MaxCPUs
	if up := mask >> from << from; up != 0 {
		mask = up
	}
	return uint32(bits.TrailingZeros64(mask))
}

// leastLoaded looks at all CPUs of a mask that are online; there is one.
func (s *Scheduler) leastLoaded(mask uint64) (best uint32) {
	least := int64(1<<63 - 1)
	for mask &= s.online.Load(); mask != 0; mask &= mask - 1 {
		cpu := uint32(bits.TrailingZeros64(mask))
		if load := s.queues[cpu].load.Load(); load < least {
			best, least = cpu, load
		}
	}
	return best
}

// SetAffinity changes the CPUs that an entity may run on. It returns those that
// have to call Pick.
//
// EINVAL: none of these CPUs is online. The entity stays as it was.
func (s *Scheduler) SetAffinity(h *lock.Holder, e *Entity, affinity, now uint64) (kick uint64, _ hypercall.Errno) {
	if affinity&s.online.Load() == 0 {
		return 0, hypercall.EINVAL
	}
	q := s.lockHome(h, e)
	e.affinity = affinity
	switch stays := e.mayRunOn(q.cpu); {
	case e.place == current && !stays:
		kick = 1 << q.cpu
	case e.place == queued && stays: // it may belong into the other heap now
		q.dequeue(e)
		q.enqueue(e)
		kick = s.forIdle(q)
	case (e.place == queued || e.place == parked) && !stays:
		if e.place == queued {
			q.uncount(e)
		}
		q.dequeue(e)
		q.publish()
		e.place = limbo
		if q.leaving != e {
			return s.put(h, q, e, now), 0
		}
		q.evicted = e
	}
	q.lock.Unlock(h)
	return kick, 0
}

// Runstate is the account of an entity's time up to now.
func (s *Scheduler) Runstate(h *lock.Holder, e *Entity, now uint64) vtime.Runstate {
	q := s.lockHome(h, e)
	r := e.runstate.At(now)
	q.lock.Unlock(h)
	return r
}

// StatsOf is what a CPU has counted.
func (s *Scheduler) StatsOf(h *lock.Holder, cpu int) Stats {
	q := &s.queues[cpu]
	q.lock.Lock(h)
	st := q.stats
	q.lock.Unlock(h)
	return st
}
