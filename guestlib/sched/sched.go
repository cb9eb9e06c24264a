package sched

import (
	"sync/atomic"
	"unsafe"

	"tuco/guestlib/clock"
	"tuco/guestlib/console"
	"tuco/guestlib/cpu"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/spin"
	"tuco/guestlib/upcall"
	"tuco/hypercall"
)

// the is the program's scheduler.
var the = (*scheduler)(unsafe.Pointer(&room))

// room is where it is. The program's collector would look through all of a variable with pointers, and builds a map of it
// before main; these point at nothing of the program's.
var room [(unsafe.Sizeof(scheduler{}) + 7) / 8]uint64

// Init makes what runs the first thread. Its context is ready for cpu.Init.
func Init() *Thread {
	the.init(hardware{}, cpu.Count())
	t := the.first()
	if t == nil {
		console.Fatal("out of memory: no stack for the first thread")
	}
	return t
}

func (s *scheduler) init(on layer, vcpus uint32) {
	s.layer, s.count = on, vcpus
	for i := range s.vcpus {
		s.vcpus[i].id = uint32(i)
		s.vcpus[i].timed.kind = byTime
	}
}

// first makes the thread that runs already.
func (s *scheduler) first() *Thread {
	t := s.add()
	if t != nil {
		v := &s.vcpus[0]
		v.current, s.up = t, 1
		t.state, t.on, t.last = running, v, v
	}
	return t
}

// Start begins to take events.
func Start() {
	the.began = clock.Now()
	spin.Relax = relax
	upcall.Tick(func() { the.vcpu().armed = 0 })
	equip(0)
}

// relax lets other vCPUs have the processor, which one of them may need to give back a lock.
func relax() {
	const while = 50_000 // nanoseconds
	hypercalls.SchedOp(hypercall.SCHEDOP_poll, &hypercall.SchedPoll{Timeout: clock.Now() + while})
}

// Forked is what a new thread does first: it gives back the lock of who switched to it.
func Forked() { the.unlock() }

// Began is what a vCPU does that was started.
func Began() {
	cpu.SetUp()
	the.begin()
}

// VCPUs is how many vCPUs threads can run on, and how many have been started.
func VCPUs() (count, up uint32) { return the.count, the.up }

// Need sees to it that a vCPU has been started.
func Need(vcpu uint32) {
	the.lock.Lock()
	the.need(vcpu)
	the.unlock()
}

// Current is the thread that runs.
func Current() *Thread { return the.current() }

// New is a new thread that is not ready yet, or nil if there is no room for more.
func New() *Thread {
	the.lock.Lock()
	t := the.add()
	the.unlock()
	return t
}

// Ready lets a new thread run.
func Ready(t *Thread) {
	the.lock.Lock()
	the.enqueue(t)
	the.unlock()
}

// Wait has the current thread wait for a key, until a system time unless that is 0. It tells whether it was woken. Key 0 is
// never woken. A lock that is held is given back while the thread waits: who wakes it has taken that lock since.
func Wait(key, deadline uint64, held *spin.Lock) bool {
	the.lock.Lock()
	if held != nil {
		held.Unlock()
	}
	woken := the.waitFor(key, deadline)
	the.unlock()
	if held != nil {
		held.Lock()
	}
	return woken
}

// WaitWhile has the current thread wait for the key that is the word's address, as Wait does, if the word has a value, and
// tells whether it has.
func WaitWhile(word *uint32, value uint32, deadline uint64) (is, woken bool) {
	return the.waitWhile(word, hypercalls.Address(word), value, deadline)
}

// Wake makes threads ready that wait for a key, those first that have waited longest, and returns how many.
func Wake(key uint64, most int) int {
	the.lock.Lock()
	n := the.wakeAll(key, most)
	the.unlock()
	return n
}

// Yield lets others run.
func Yield() {
	the.lock.Lock()
	the.yield()
	the.unlock()
}

// Exit ends the current thread. Unless done is nil, the word there becomes 0 when nothing of the program's is in use any more
// that was the thread's: its stack, and what its FS base points at.
func Exit(done *uint32) {
	t := the.current()
	t.SetFS(t.OwnFS())
	if done != nil {
		atomic.StoreUint32(done, 0)
	}
	the.lock.Lock()
	t.state = ended
	the.next()
}

// Signal makes a signal pending of a thread. It tells whether there is one with this ID.
func Signal(id, number uint64) bool {
	t := the.thread(id)
	if t != nil {
		the.signal(t, number)
	}
	return t != nil
}

// Interrupt is what an event's upcall ends in.
func Interrupt() { the.interrupt() }

// Rearm sets this vCPU's timer anew, soon: the hypervisor has forgotten it.
func Rearm() {
	the.vcpu().armed = 0
	Hurry()
}

// Hurry has an event come to this vCPU.
func Hurry() { upcall.Notify(cpu.This().ID) }
