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

	base    uint64 // the index of ticket t is base+t
	refused uint64 // of those that were looked at
}

// index is a ticket's.
func (r *Ring) index(t Ticket) uint64 { return r.base + uint64(t) }

// slot is where a ticket's update is.
func (r *Ring) slot(t Ticket) *hypercall.MMUUpdate {
	return &r.Slots[r.index(t)&uint64(len(r.Slots)-1)]
}

// answered is the last ticket that the hypervisor has answered for.
func (r *Ring) answered() Ticket {
	return Ticket(atomic.LoadUint64(&r.Shared.Cons) - 1 - r.base) // before what was refused
}

// Join has updates go by a ring from now on, which is registered and empty.
func (q *Queue) Join(r Ring) {
	q.Flush()
	r.base = atomic.LoadUint64(&r.Shared.Cons) - 1 - uint64(q.issued)
	r.refused = r.Shared.Refused
	q.ring, q.looked = r, q.issued
}

// Leave ends that, when all that is in the ring is answered for. It tells whether there was one.
func (q *Queue) Leave() bool {
	q.Flush()
	rode := q.Rides()
	q.ring = Ring{}
	return rode
}

// Rides tells whether updates go by a ring.
func (q *Queue) Rides() bool { return q.ring.Shared != nil }

// add queues an update in the ring.
func (q *Queue) add(ptr, val uint64) Ticket {
	if int(q.issued-q.looked) == len(q.ring.Slots) {
		q.Flush()
		if !q.Rides() {
			return q.Add(ptr, val)
		}
	}
	q.issued++
	*q.ring.slot(q.issued) = hypercall.MMUUpdate{Ptr: ptr, Val: val}
	return q.issued
}

// Send lets the hypervisor have what waits, if it can take it without being asked: no one has to wait for that. Otherwise it waits on.
func (q *Queue) Send() {
	if q.Rides() {
		atomic.StoreUint64(&q.ring.Shared.Prod, q.ring.index(q.issued+1)) // after the updates
	}
}

// flushRing has all that is in the ring made, and learns what became of it.
func (q *Queue) flushRing() {
	q.Send()
	if q.ring.answered() != q.issued {
		q.Stats.Flushes++
		if q.ring.Kick() != 0 {
			q.desert()
			return
		}
	}
	q.look()
}

// look learns what became of the updates that were answered for since the last look. Their slots are free then.
func (q *Queue) look() {
	r := &q.ring
	to := r.answered()
	q.Stats.Updates += uint64(to - q.looked)
	if refused := r.Shared.Refused; refused != r.refused {
		r.refused = refused
		for t := q.looked + 1; t <= to; t++ {
			if u := r.slot(t); u.Ptr&hypercall.TUCORING_refused != 0 {
				q.Stats.Updates--
				q.fail(t, hypercall.Errno(u.Val))
			}
		}
	}
	q.looked = to
}

// desert leaves a ring that is no more. What it has not done goes the other way.
func (q *Queue) desert() {
	q.look()
	ring, last := q.ring, q.issued
	q.ring = Ring{}
	for q.issued = q.looked; q.issued != last; {
		u := ring.slot(q.issued + 1)
		q.Add(u.Ptr, u.Val)
	}
	q.Flush()
}
