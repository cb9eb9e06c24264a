package sched

import "sync/atomic"

// waitersOf is where those are who wait for a key.
func (s *scheduler) waitersOf(key uint64) *list {
	const golden = 0x9e37_79b9_7f4a_7c15
	return &s.waiters[key*golden>>58]
}

// waitFor has the current thread wait for a key, if that is not 0, until a system time, unless that is 0, or until it has to
// take a signal. It tells whether it was woken. The lock is held; it is given back while the thread waits.
func (s *scheduler) waitFor(key, deadline uint64) bool {
	v := s.vcpu()
	t := v.current
	if t.Signals.Due() != 0 {
		return false
	}
	t.state, t.key, t.deadline = waiting, key, deadline
	if key != 0 {
		s.waitersOf(key).append(t)
	}
	if deadline != 0 {
		t.timed = v
		v.timed.insertByTime(t)
	}
	s.next()
	return !t.late
}

// wake ends a thread's wait.
func (s *scheduler) wake(t *Thread, late bool) {
	if t.key != 0 {
		s.waitersOf(t.key).remove(t)
	}
	if t.timed != nil {
		t.timed.timed.remove(t)
	}
	t.key, t.deadline, t.timed, t.late = 0, 0, nil, late
	if t.on == nil {
		s.enqueue(t)
		return
	}
	t.state = woken
	if t.on.waits {
		s.callIn(t.on)
	}
}

// wakeAll wakes threads that wait for a key, those first that have waited longest, and returns how many.
func (s *scheduler) wakeAll(key uint64, most int) (n int) {
	for t := s.waitersOf(key).first; t != nil && n < most; {
		after := t.links[byTurn].next
		if t.key == key {
			s.wake(t, false)
			n++
		}
		t = after
	}
	return n
}

// waitWhile has the current thread wait for a key, which is the address of a word, if the word has a value. Who changes it
// wakes afterwards, with the lock held, and so finds the thread, unless that has seen the change.
func (s *scheduler) waitWhile(word *uint32, key uint64, value uint32, deadline uint64) (is, woken bool) {
	s.lock.Lock()
	if is = atomic.LoadUint32(word) == value; is {
		woken = s.waitFor(key, deadline)
	}
	s.unlock()
	return is, woken
}

// signal makes a signal pending of a thread. It ends the thread's wait. If the thread runs on another vCPU, that takes an event
// now: at once, or when it comes out of the library.
func (s *scheduler) signal(t *Thread, number uint64) {
	s.lock.Lock()
	t.Signals.Pending.Or(1 << (number - 1))
	switch {
	case t.state == waiting && t.Signals.Due() != 0:
		s.wake(t, true)
	case t.state == running && t.on != s.vcpu():
		s.calls |= 1 << t.on.id
	}
	s.unlock()
}
