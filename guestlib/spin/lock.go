// Package spin has the lock that the library's parts share data under, when they run on several vCPUs.
//
// Who takes one has events masked, and so keeps its vCPU until it has given it back. The locks are taken in this order, and
// no other way round:
//
//	start    descriptors, handlers of signals; what was typed
//	upcall   who listens to which port
//	sched    threads, the run queue, who waits for what; it is held across a switch of threads
//	console  what is written; a page's rings
//	mm       areas, frames, the queue of page-table updates
//
// While one but the last is held, memory of the program's may be touched: the fault takes the last. Who finds there that no
// memory is left writes so on the console, and does not insist on its lock.
package spin

import "sync/atomic"

// A Lock is free when it is zero.
type Lock struct{ word uint32 }

// Relax is what a vCPU does that has looked at a lock for a while: whoever holds it may be waiting for the processor. It is
// set before there is a second vCPU.
var Relax = func() {}

// patience is how often one looks at a lock before it relaxes.
const patience = 100

// Lock takes the lock.
func (l *Lock) Lock() {
	if !atomic.CompareAndSwapUint32(&l.word, 0, 1) {
		l.wait()
	}
}

func (l *Lock) wait() {
	for !l.Try(patience) {
		Relax()
	}
}

// Try looks at the lock so many times, and tells whether it has taken it.
func (l *Lock) Try(times int) bool {
	for range times {
		// Reading alone leaves the line to who holds the lock. The swap orders what follows after what was done under it.
		if atomic.LoadUint32(&l.word) == 0 && atomic.CompareAndSwapUint32(&l.word, 0, 1) {
			return true
		}
		pause()
	}
	return false
}

// Unlock gives the lock back. What was done under it comes first.
func (l *Lock) Unlock() { atomic.StoreUint32(&l.word, 0) }

func pause()
