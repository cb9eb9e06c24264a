package paging

import (
	"sync/atomic"

	"tuco/hypercall"
)

// A Ring is an update ring, Tuco's extension: updates lie in memory that the hypervisor looks at whenever the vCPU leaves for it. Each
// of its slots is an update; where one is refused, the errno comes in its place.
type Ring struct {
	Shared *hypercall.TucoRing
	Slots  []hypercall.MMUUpdate  // a power of two
	Kick   func() hypercall.Errno // has what was sent made. An error: the ring is no more

	refused uint64 // of those that are settled
}

// Join has updates go by a ring from now on, which is registered and empty. An update's index in the ring is its ticket and the
// queue's base.
func (q *Queue) Join(r Ring) {
	q.Flush()
	r.refused = r.Shared.Refused
	q.ring, q.slots = r, r.Slots
	q.base = atomic.LoadUint64(&r.Shared.Cons) - uint64(q.issued+1)
	q.settle(q.issued)
}

// Leave ends that, when all that is in the ring is answered for. It tells whether there was one.
func (q *Queue) Leave() bool {
	q.Flush()
	rode := q.Rides()
	if rode {
		q.ring = Ring{}
		q.useRoom()
	}
	return rode
}

// Rides tells whether updates go by a ring.
func (q *Queue) Rides() bool { return q.ring.Shared != nil }

// answered is the last ticket that the hypervisor has answered for.
func (q *Queue) answered() Ticket {
	return Ticket(atomic.LoadUint64(&q.ring.Shared.Cons) - 1 - q.base) // before what was refused
}

// Send lets the hypervisor have what waits, if it can take it without being asked: no one has to wait for that. Otherwise it waits on.
func (q *Queue) Send() {
	if q.Rides() {
		atomic.StoreUint64(&q.ring.Shared.Prod, q.base+uint64(q.issued+1)) // after the updates
	}
}

// flushRing has all that is in the ring made, and learns what became of it.
func (q *Queue) flushRing() {
	q.Send()
	if q.answered() != q.issued {
		q.Stats.Flushes++
		if q.ring.Kick() != 0 {
			q.desert()
			return
		}
	}
	q.look()
}

// look learns what became of the updates that were answered for since the last look.
func (q *Queue) look() {
	to := q.answered()
	q.Stats.Updates += uint64(to - q.settled)
	if refused := q.ring.Shared.Refused; refused != q.ring.refused {
		q.ring.refused = refused
		for t := q.settled + 1; t <= to; t++ {
			if u := q.slot(t); u.Ptr&hypercall.TUCORING_refused != 0 {
				q.Stats.Updates--
				q.fail(t, hypercall.Errno(u.Val))
			}
		}
	}
	q.settle(to)
}

// desert leaves a ring that is no more. What it has not done goes the other way.
func (q *Queue) desert() {
	q.look()
	slots, first, last := q.slots, q.base+uint64(q.settled+1), q.issued
	q.ring, q.issued = Ring{}, q.settled
	q.useRoom()
	for i := first; q.issued != last; i++ {
		u := slots[i&uint64(len(slots)-1)]
		q.Add(u.Ptr, u.Val)
	}
	q.Flush()
}
