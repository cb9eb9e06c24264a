package serve

import "sync"

// turns lets one at a time have something, in the order in which they ask.
type turns struct {
	lock    sync.Mutex
	taken   bool
	waiting []chan struct{}
}

// take waits for the turn.
func (t *turns) take() {
	t.lock.Lock()
	if !t.taken {
		t.taken = true
		t.lock.Unlock()
		return
	}
	mine := make(chan struct{})
	t.waiting = append(t.waiting, mine)
	t.lock.Unlock()
	<-mine
}

// give hands the turn on.
func (t *turns) give() {
	t.lock.Lock()
	defer t.lock.Unlock()
	if len(t.waiting) == 0 {
		t.taken = false
		return
	}
	close(t.waiting[0])
	t.waiting = t.waiting[1:]
}

// do does something in a turn.
func (t *turns) do(what func()) {
	t.take()
	defer t.give()
	what()
}
