package sched

import (
	"sync/atomic"

	"tuco/guestlib/cpu"
	"tuco/guestlib/mm"
)

// MaxThreads is how many threads a program can have.
const MaxThreads = mm.MaxStacks

type state uint8

const (
	unused state = iota
	made         // not ready for the first time yet
	queued
	woken // to be run by the vCPU that waits on its stack
	running
	waiting
	ended // its vCPU is still on its stack
)

// A Thread is one of the program's.
type Thread struct {
	cpu.Context
	ID int // as the program knows it; 1 is the first

	state state
	late  bool  // its wait ended because it was time
	on    *vcpu // which is on its stack; nil: none
	last  *vcpu // on which it ran last

	key      uint64 // what it waits for: see Wake; 0: only until the deadline
	deadline uint64 // system time at which waiting ends; 0: never
	timed    *vcpu  // in whose list it is because of that
	links    [kinds]link

	Signals Signals
}

// Signals is a thread's share of what makes signals. Pending is anybody's to add to; the rest is the thread's.
type Signals struct {
	Pending          atomic.Uint64 // a bit for each, of which number 1 has bit 0
	Blocked          uint64
	Stack, StackSize uint64 // where handlers run; StackSize 0: nowhere
	Frame            cpu.Frame
}

// Due is the signals that the thread has to take.
func (s *Signals) Due() uint64 { return s.Pending.Load() &^ s.Blocked }

// thread is a thread by its ID, or nil.
func (s *scheduler) thread(id uint64) *Thread {
	if id == 0 || id > MaxThreads || s.threads[id-1].state == unused {
		return nil
	}
	return &s.threads[id-1]
}

// add is a new thread, or nil if there is no room for more.
func (s *scheduler) add() *Thread {
	for i := range s.threads {
		t := &s.threads[i]
		if t.state != unused {
			continue
		}
		top, ok := s.stack(i)
		if !ok {
			return nil
		}
		*t = Thread{ID: i + 1, state: made}
		t.Prepare(top)
		return t
	}
	return nil
}
