// Package sched runs the threads of a Go program on a vCPU.
//
// A thread runs until it waits, or until its slice is over and others are ready. Where none is ready the vCPU waits for
// events. All of it happens in the library, with events masked, so nothing here runs at the same time as anything else.
package sched

import (
	"tuco/guestlib/clock"
	"tuco/guestlib/console"
	"tuco/guestlib/cpu"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/upcall"
	"tuco/hypercall"
)

// MaxThreads is how many threads a program can have.
const MaxThreads = mm.MaxStacks

type state uint8

const (
	unused state = iota
	ready        // runs, or is in the queue
	waiting
)

// A Thread is one of the program's.
type Thread struct {
	cpu.Context
	ID int // as the program knows it; 1 is the first

	state    state
	deadline uint64 // system time at which waiting ends; 0: none
	late     bool   // it ended so

	Key     uint64 // what it waits for: see Wake
	order   uint64 // when it began, to wake the first first
	Signals Signals
}

// Signals is a thread's share of what makes signals.
type Signals struct {
	Pending, Blocked uint64 // a bit for each, of which number 1 has bit 0
	Stack, StackSize uint64 // where handlers run; StackSize 0: nowhere
	Frame            cpu.Frame
}

var (
	threads [MaxThreads]Thread
	used    int // threads above were never used
	current *Thread
	queue   struct {
		list        [MaxThreads]*Thread
		first, size int
	}
	waits    uint64 // how many there were
	sliceEnd uint64
	armed    uint64 // when the timer will fire
)

// slice is how long a thread may keep the vCPU from others, in nanoseconds.
const slice = 10_000_000

// Init makes what runs the first thread. Its context is ready for cpu.Init.
func Init() *Thread {
	t := New()
	if t == nil {
		console.Fatal("out of memory: no stack for the first thread")
	}
	current = t
	return t
}

// Start begins to take timer events.
func Start() {
	started = clock.Now()
	hypercalls.VCPUOp[byte](hypercall.VCPUOP_stop_periodic_timer, 0, nil)
	if upcall.BindVIRQ(hypercall.VIRQ_TIMER, 0, func(uint64) { armed = 0 }) != 0 {
		console.Fatal("the hypervisor refused the timer's interrupt")
	}
}

// Current is the thread that runs.
func Current() *Thread { return current }

// Find is a thread by its ID, or nil.
func Find(id uint64) *Thread {
	if id == 0 || id > MaxThreads || threads[id-1].state == unused {
		return nil
	}
	return &threads[id-1]
}

// New is a new thread that is not ready yet, or nil if there is no room for more.
func New() *Thread {
	for i := range threads {
		t := &threads[i]
		if t.state != unused {
			continue
		}
		top, ok := mm.Stack(i)
		if !ok {
			return nil
		}
		*t = Thread{ID: i + 1, state: waiting}
		t.Prepare(top)
		used = max(used, i+1)
		return t
	}
	return nil
}

// Ready lets a thread run.
func Ready(t *Thread) {
	t.state, t.Key, t.deadline = ready, 0, 0
	queue.list[(queue.first+queue.size)%MaxThreads] = t
	queue.size++
	arm(clock.Now())
}

// Wait has the current thread wait for a key, until a system time unless that is 0. It tells whether it was woken.
func Wait(key, deadline uint64) bool {
	waits++
	t := current
	t.state, t.Key, t.deadline, t.order, t.late = waiting, key, deadline, waits, false
	next()
	return !t.late
}

// Wake makes threads ready that wait for a key, those first that have waited longest, and returns how many.
func Wake(key uint64, most int) (n int) {
	for ; n < most; n++ {
		var first *Thread
		for i := range threads[:used] {
			if t := &threads[i]; t.state == waiting && t.Key == key && (first == nil || t.order < first.order) {
				first = t
			}
		}
		if first == nil {
			break
		}
		Ready(first)
	}
	return n
}

// Yield lets others run.
func Yield() {
	if queue.size > 0 {
		Ready(current)
		next()
	}
}

// Exit ends the current thread.
func Exit() {
	current.state = unused
	next()
}

// Interrupt is what an event's upcall ends in: others may run now.
func Interrupt() {
	upcall.Scan(cpu.This())
	now := clock.Now()
	expire(now)
	if now >= sliceEnd {
		protect(now)
		Yield()
	}
	arm(now)
}

// Hurry has an event come soon.
func Hurry() {
	hypercalls.SetTimer(1)
}

// protect protects the image, once: when nobody has anything to do, or somebody has used up a slice, and the program's start,
// which it would delay, is over.
func protect(now uint64) {
	if !protected && now >= started+settled {
		protected = true
		mm.ProtectImage()
	}
}

var (
	protected bool
	started   uint64
)

// settled is how many nanoseconds after the guest's entry a program has started.
const settled = 5_000_000

// next goes on with the thread whose turn it is, and comes back when it is the caller's again.
func next() {
	for queue.size == 0 {
		protect(clock.Now())
		upcall.Wait(earliest(0))
		upcall.Scan(cpu.This())
		expire(clock.Now())
	}
	t := queue.list[queue.first]
	queue.first = (queue.first + 1) % MaxThreads
	queue.size--
	now := clock.Now()
	sliceEnd = now + slice
	from := current
	current = t
	arm(now)
	if t != from {
		cpu.Switch(&from.Context, &t.Context)
	}
}

// expire makes threads ready whose time is up.
func expire(now uint64) {
	for i := range threads[:used] {
		if t := &threads[i]; t.state == waiting && t.deadline != 0 && t.deadline <= now {
			t.late = true
			Ready(t)
		}
	}
}

// earliest is the first deadline, unless at is before it; 0 is never.
func earliest(at uint64) uint64 {
	for i := range threads[:used] {
		if t := &threads[i]; t.state == waiting && t.deadline != 0 && (at == 0 || t.deadline < at) {
			at = t.deadline
		}
	}
	return at
}

// arm sets the timer for what has to interrupt the current thread.
func arm(now uint64) {
	at := uint64(0)
	if queue.size > 0 {
		at = max(sliceEnd, now+1)
	}
	at = earliest(at)
	if at == 0 || armed > now && armed <= at {
		return
	}
	armed = at
	hypercalls.SetTimer(at)
}
