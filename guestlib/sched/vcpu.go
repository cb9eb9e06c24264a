package sched

import (
	"math/bits"

	"tuco/guestlib/cpu"
	"tuco/guestlib/spin"
)

// vcpu is what the scheduler knows of one.
type vcpu struct {
	id       uint32
	current  *Thread // whose stack it is on
	waits    bool    // for events; who calls it says that it does no longer
	timed    list    // those whose deadlines it has to look at
	sliceEnd uint64
	armed    uint64 // when its timer will fire; only the vCPU itself knows
	set      bool   // the timer is yet to be set
	sampleAt uint64 // see profile; 0: not chosen yet
}

// slice is how long a thread may keep a vCPU from others, in nanoseconds.
const slice = 10_000_000

// scheduler is all that the lock is for.
type scheduler struct {
	layer
	lock spin.Lock

	threads [MaxThreads]Thread
	queue   list
	waiters [64]list // by a key's hash

	vcpus [cpu.Max]vcpu
	calls uint32 // a bit for each that is to be called
	up    uint32 // how many of them run
	count uint32 // how many there are

	began   uint64 // when the guest was entered
	settled bool   // its program has started

	profile profile
}

// layer is what the scheduler stands on. Tests have another one.
type layer interface {
	this() uint32 // the vCPU that runs the caller
	now() uint64
	stack(number int) (top uint64, ok bool)
	// switchTo returns when somebody switches back.
	switchTo(from, to *Thread)
	// wait waits for an event, or until a system time unless that is 0.
	wait(until uint64)
	// take takes the events that have come. Nothing is locked.
	take()
	// call makes an event for a vCPU.
	call(vcpu uint32)
	// setTimer has an event come to this vCPU.
	setTimer(at uint64)
	// start starts a vCPU on a thread's stack.
	start(vcpu uint32, t *Thread)
	// putOff is what is put off until the program has started.
	putOff()
}

func (s *scheduler) vcpu() *vcpu { return &s.vcpus[s.this()] }

func (s *scheduler) current() *Thread { return s.vcpu().current }

// next goes on with the thread whose turn it is. The caller's has just begun to wait, has ended, or is in the queue; next
// returns when it runs again, maybe on another vCPU. The lock is held, and is again.
func (s *scheduler) next() {
	v := s.vcpu()
	from := v.current
	to := from
	for from.state != woken {
		if to = s.queue.first; to != nil {
			s.queue.remove(to)
			break
		}
		to = from
		s.idle(v)
	}
	now := s.now()
	to.state, to.on, to.last = running, v, v
	v.current, v.sliceEnd = to, now+slice
	if s.queue.first != nil {
		s.find(v)
	}
	s.arm(v, now)
	if to == from {
		return
	}
	from.on = nil
	if from.state == ended {
		from.state = unused
	}
	s.switchTo(from, to)
}

// idle waits for events, and takes them.
func (s *scheduler) idle(v *vcpu) {
	s.settle(s.now())
	v.waits = true
	until := uint64(0)
	if t := v.timed.first; t != nil {
		until = t.deadline
	}
	s.unlock()
	s.wait(until)
	s.lock.Lock()
	v.waits, v.sampleAt = false, 0
	s.unlock()
	s.take()
	s.lock.Lock()
	s.expire(v, s.now())
}

// enqueue lets a thread run that no vCPU is on.
func (s *scheduler) enqueue(t *Thread) {
	t.state = queued
	s.queue.append(t)
	if t.last != nil && t.last.waits {
		s.callIn(t.last)
		return
	}
	s.find(s.vcpu())
}

// find finds a vCPU for a thread in the queue: one that waits, or one that has not been started. Or else it is the caller's,
// when the slice is over of the thread that it runs.
func (s *scheduler) find(v *vcpu) {
	if v.current.state != running {
		return // it takes one itself, and finds others for the rest
	}
	for i := range s.vcpus[:s.up] {
		if other := &s.vcpus[i]; other.waits {
			s.callIn(other)
			return
		}
	}
	if s.up == s.count || !s.settled || !s.startOne() {
		s.arm(v, s.now())
	}
}

// callIn ends a vCPU's wait.
func (s *scheduler) callIn(v *vcpu) {
	v.waits = false
	s.calls |= 1 << v.id
}

// unlock gives the lock back, and then does for which others need not wait: it makes the calls that are due, and sets the
// timer.
func (s *scheduler) unlock() {
	v, calls := s.vcpu(), s.calls
	set := v.set
	s.calls, v.set = 0, false
	s.lock.Unlock()
	for ; calls != 0; calls &= calls - 1 {
		s.call(uint32(bits.TrailingZeros32(calls)))
	}
	if set {
		s.setTimer(v.armed)
	}
}

// startOne starts one more vCPU, on the stack of a thread that has ended before it began.
func (s *scheduler) startOne() bool {
	t := s.add()
	if t == nil {
		return false
	}
	v := &s.vcpus[s.up]
	v.current, t.on, t.state = t, v, ended
	s.up++
	s.start(v.id, t)
	return true
}

// need starts vCPUs up to one.
func (s *scheduler) need(vcpu uint32) {
	for s.up <= vcpu && s.up < s.count && s.startOne() {
	}
}

// begin is what a vCPU does that was started.
func (s *scheduler) begin() {
	s.lock.Lock()
	s.next()
}

// settle does what was put off, once the program has started: it is called when nobody has anything to do, or somebody has
// used up a slice.
func (s *scheduler) settle(now uint64) {
	if !s.settled && now >= s.began+startTime {
		s.settled = true
		s.putOff()
	}
}

// startTime is how many nanoseconds after the guest's entry a program has started.
const startTime = 5_000_000

// arm sets the timer for what has to interrupt the thread that the caller's vCPU runs.
func (s *scheduler) arm(v *vcpu, now uint64) {
	at := uint64(0)
	if s.queue.first != nil {
		at = max(v.sliceEnd, now+1)
	}
	if t := v.timed.first; t != nil && (at == 0 || t.deadline < at) {
		at = t.deadline
	}
	if sample := s.nextSample(v, now); sample != 0 && (at == 0 || sample < at) {
		at = sample
	}
	if at == 0 || v.armed > now && v.armed <= at {
		return
	}
	v.armed, v.set = at, true
}

// expire wakes those for whom it is time.
func (s *scheduler) expire(v *vcpu, now uint64) {
	for t := v.timed.first; t != nil && t.deadline <= now; t = v.timed.first {
		s.wake(t, true)
	}
}

// interrupt is what an event ends in that interrupted a thread: others may run now.
func (s *scheduler) interrupt() {
	s.take()
	s.lock.Lock()
	v, now := s.vcpu(), s.now()
	s.expire(v, now)
	s.sample(v, now)
	if now >= v.sliceEnd {
		s.settle(now)
		s.yield()
		v, now = s.vcpu(), s.now()
	}
	s.arm(v, now)
	s.unlock()
}

// yield lets others run.
func (s *scheduler) yield() {
	if s.queue.first != nil {
		t := s.current()
		t.state = queued
		s.queue.append(t)
		s.next()
	}
}
