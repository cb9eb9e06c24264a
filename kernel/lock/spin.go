package lock

import "sync/atomic"

// Spin is a fair spinlock with a level. It must be given its level by Init
// before use; a lock without one is caught when it is first taken.
type Spin struct {
	next    atomic.Uint32 // the ticket that the next arrival draws
	serving atomic.Uint32 // the ticket that may enter; written by the owner only
	level   uint64        // the level as a bit, constant after Init
	owner   *Holder       // who is inside; read and written by the owner only
}

// Init gives the lock its level. Nobody may use the lock yet.
func (l *Spin) Init(level Level) { l.level = bit(level) &^ 1 }

// Lock waits for its turn and takes the lock. Taking it out of order, or
// twice, is a violation.
//
// The branch that waits returns on its own, here and in Unlock, so that the
// compiler keeps nothing on the stack for it: the two take some 30 instructions
// together where nobody waits, checks included.
func (l *Spin) Lock(h *Holder) {
	// The add draws a ticket. It needs no order of its own: who drew which is
	// decided by the total order of changes to this one word.
	ticket := l.next.Add(1) - 1
	// Acquire: pairs with the add in Unlock, so that what the previous owner
	// wrote is seen from here on. The comparison of levels holds also for the
	// level 0 of a lock that was not given one.
	if h.held >= l.level || l.serving.Load() != ticket {
		l.wait(h, ticket)
		return
	}
	h.held |= l.level
	l.owner = h
}

// wait is the way in when the lock is taken, or may not be taken.
//
//go:noinline
func (l *Spin) wait(h *Holder, ticket uint32) {
	if h.held >= l.level {
		violated(OutOfOrder, h, l.level, l.owner)
	}
	h.held |= l.level                // what Serve does now counts as done inside
	for l.serving.Load() != ticket { // acquire, as in Lock
		h.relax()
	}
	l.owner = h
}

// TryLock takes the lock if nobody holds or awaits it, and tells whether it did.
// The order is checked as by Lock: a lock that may not be waited for here may
// not be tried here either, for one day it will be waited for.
func (l *Spin) TryLock(h *Holder) bool {
	if h.held >= l.level {
		violated(OutOfOrder, h, l.level, nil)
	}
	// If the ticket being served is still the next one to be drawn when it is
	// drawn, the lock was free: serving never passes next, and never goes back.
	// The load is the acquire that pairs with the store in Unlock.
	ticket := l.serving.Load()
	if !l.next.CompareAndSwap(ticket, ticket+1) {
		return false
	}
	h.held |= l.level
	l.owner = h
	return true
}

// Unlock releases the lock. Locks may be released in any order.
func (l *Spin) Unlock(h *Holder) {
	if l.owner != h {
		violated(NotOwner, h, l.level, l.owner)
		return
	}
	l.owner = nil
	h.held ^= l.level
	// Release: what was written inside is visible before the next owner enters.
	l.serving.Add(1)
}

// Held tells whether the caller's CPU holds the lock.
func (l *Spin) Held(h *Holder) bool { return h.held&l.level != 0 && l.owner == h }
