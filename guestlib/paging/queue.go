// Package paging writes page tables, asynchronously.
//
// A guest may not write its page tables: it asks the hypervisor, and each asking costs far more than the write. So updates
// are queued, and go out many at a time. [Queue.Add] returns a [Ticket]; until [Queue.Done] says so of it or [Queue.Wait]
// returns, the update may or may not have happened, and nothing may rely on it. Updates happen in the order of their
// tickets. One that the hypervisor refuses fails its own ticket, and those behind it are tried all the same.
//
// There are two ways for them. A [Transport] is a hypercall with a list, as every hypervisor of this kind has it. A [Ring] is Tuco's: the
// list lies in memory that the hypervisor shares, [Queue.Send] shows it what was added, and an index tells how far it has come, so that
// what it did on some other occasion needs no asking.
package paging

import "tuco/hypercall"

// A Ticket stands for an update. Tickets count up from 1.
type Ticket uint64

// A Transport carries updates to the hypervisor, which makes them one after the other up to the first that it refuses. It
// returns how many were made.
type Transport func(list []hypercall.MMUUpdate) (done uint32, err hypercall.Errno)

// failures is how many refused updates are remembered, with their tickets.
const failures = 32

// Stats counts what a queue did: updates that were made, how often the hypervisor was asked, how often somebody waited for its
// answer, and updates that it refused.
type Stats struct {
	Updates, Flushes, Waits, Failed uint64
}

// Since is what was done since then.
func (s Stats) Since(then Stats) Stats {
	return Stats{s.Updates - then.Updates, s.Flushes - then.Flushes, s.Waits - then.Waits, s.Failed - then.Failed}
}

// Batch is how many updates a hypercall carried on average.
func (s Stats) Batch() uint64 { return s.Updates / max(s.Flushes, 1) }

// A Queue is updates on their way. It belongs to one vCPU at a time.
type Queue struct {
	Transport Transport
	// Room is for those that wait, a power of two: the owner's, so that a collector that looks at the queue has less to look at.
	Room  []hypercall.MMUUpdate
	Stats Stats

	ring Ring // the other way, if there is one

	slots   []hypercall.MMUUpdate // where updates wait: Room, or the ring's; nothing before the first comes
	base    uint64                // the update of ticket t is in slot base+t, modulo their number
	issued  Ticket                // the last that was given out
	settled Ticket                // the last of which it is known what became of it and those before
	full    Ticket                // the last for which there is room

	failed [failures]failure
	next   int // the place of the next failure
}

type failure struct {
	ticket Ticket
	err    hypercall.Errno
}

// Add queues an update: the machine address of an entry, with an MMU_* command in its low bits, and what to write there.
func (q *Queue) Add(ptr, val uint64) Ticket {
	if q.issued == q.full {
		q.makeRoom()
	}
	q.issued++
	*q.slot(q.issued) = hypercall.MMUUpdate{Ptr: ptr, Val: val}
	return q.issued
}

func (q *Queue) slot(t Ticket) *hypercall.MMUUpdate {
	return &q.slots[(q.base+uint64(t))&uint64(len(q.slots)-1)]
}

func (q *Queue) makeRoom() {
	if q.slots == nil {
		q.useRoom()
	} else {
		q.Flush()
	}
}

// useRoom has updates wait in Room, with those behind the settled ones at its beginning.
func (q *Queue) useRoom() {
	q.slots = q.Room
	q.base = -uint64(q.settled + 1)
	q.settle(q.settled)
}

// settle notes of which updates it is known what became of them: their slots are free.
func (q *Queue) settle(to Ticket) {
	q.settled, q.full = to, to+Ticket(len(q.slots))
}

// Reserve sees to it that so many updates can be added before the queue goes out by itself.
func (q *Queue) Reserve(n int) {
	if q.issued+Ticket(n) > q.full {
		q.makeRoom()
	}
}

// Last is the last ticket that was given out.
func (q *Queue) Last() Ticket { return q.issued }

// Done tells whether the hypervisor has answered for a ticket. It doesn't make it do so.
func (q *Queue) Done(t Ticket) bool {
	return t <= q.settled || q.Rides() && t <= q.answered()
}

// Wait returns when the hypervisor has answered for a ticket: 0, or why it refused. A refusal is remembered until as many
// others have come after it as there is room for.
func (q *Queue) Wait(t Ticket) hypercall.Errno {
	if t > q.settled {
		if q.Done(t) {
			q.look()
		} else {
			q.Stats.Waits++
			q.Flush()
		}
	}
	if q.Stats.Failed == 0 {
		return 0
	}
	for i := range q.failed {
		if q.failed[i].ticket == t {
			return q.failed[i].err
		}
	}
	return 0
}

// RefusedAfter is why an update of a later ticket was refused, or 0. It is only asked after Flush.
func (q *Queue) RefusedAfter(t Ticket) hypercall.Errno {
	if q.Stats.Failed == 0 {
		return 0
	}
	for i := range q.failed {
		if q.failed[i].ticket > t {
			return q.failed[i].err
		}
	}
	return 0
}

// fail remembers a refusal.
func (q *Queue) fail(t Ticket, err hypercall.Errno) {
	q.failed[q.next] = failure{t, err}
	q.next = (q.next + 1) % failures
	q.Stats.Failed++
}

// Flush sends all that waits, and returns when the hypervisor has answered for it.
func (q *Queue) Flush() {
	switch {
	case q.issued == q.settled:
	case q.Rides():
		q.flushRing()
	default:
		q.call(q.slots[:q.issued-q.settled])
		q.settled = q.issued
		q.useRoom()
	}
}

// call makes updates, all that there are, by hypercalls.
func (q *Queue) call(list []hypercall.MMUUpdate) {
	for at := 0; at < len(list); {
		q.Stats.Flushes++
		done, err := q.Transport(list[at:])
		done = min(done, uint32(len(list)-at)) // as many as there were at most, whatever is said
		q.Stats.Updates += uint64(done)
		at += int(done)
		if err == 0 || at == len(list) {
			break
		}
		q.fail(q.settled+Ticket(at)+1, err)
		at++
	}
}
