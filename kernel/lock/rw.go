package lock

import "sync/atomic"

// RW is a fair lock for many readers or one writer. Readers and writers draw
// tickets from one sequence and enter in that order; readers that follow each
// other are inside together. A reader may not take the lock again: a writer that
// arrived in between would stop it, and both would wait for ever. The level
// check catches that.
type RW struct {
	next  atomic.Uint32 // the ticket that the next arrival draws
	read  atomic.Uint32 // the ticket that may enter as a reader
	write atomic.Uint32 // the ticket that may enter as a writer
	level uint64        // the level as a bit, constant after Init
}

// Init gives the lock its level. Nobody may use the lock yet.
func (l *RW) Init(level Level) { l.level = bit(level) &^ 1 }

// RLock takes the lock for reading.
func (l *RW) RLock(h *Holder) {
	ticket := l.enter(h)
	for l.read.Load() != ticket { // acquire: pairs with a writer's release
		h.relax()
	}
	l.read.Store(ticket + 1) // the next arrival, if a reader, may come in too
}

// RUnlock releases a lock taken by RLock.
func (l *RW) RUnlock(h *Holder) {
	l.leave(h)
	// Release: this reader's loads are done before a writer enters. An add,
	// since readers leave in any order.
	l.write.Add(1)
}

// Lock takes the lock for writing.
func (l *RW) Lock(h *Holder) {
	ticket := l.enter(h)
	for l.write.Load() != ticket { // acquire: all earlier tickets have left
		h.relax()
	}
}

// Unlock releases a lock taken by Lock.
func (l *RW) Unlock(h *Holder) {
	l.leave(h)
	l.read.Add(1)  // release, for a reader that is next
	l.write.Add(1) // release, for a writer that is next
}

func (l *RW) enter(h *Holder) uint32 {
	if h.held >= l.level {
		violated(OutOfOrder, h, l.level, nil)
	}
	h.held |= l.level
	return l.next.Add(1) - 1
}

func (l *RW) leave(h *Holder) {
	if h.held&l.level == 0 {
		violated(NotOwner, h, l.level, nil)
	}
	h.held &^= l.level
}
