package sched

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// script is a layer that writes down what it is asked.
type script struct {
	vcpu    uint32
	time    uint64
	calls   []uint32
	timers  []uint64
	started []uint32
}

func (l *script) this() uint32                  { return l.vcpu }
func (l *script) now() uint64                   { return l.time }
func (*script) stack(int) (top uint64, ok bool) { return 1 << 40, true }
func (*script) switchTo(from, to *Thread)       {}
func (*script) wait(uint64)                     {}
func (*script) take()                           {}
func (l *script) call(vcpu uint32)              { l.calls = append(l.calls, vcpu) }
func (l *script) setTimer(at uint64)            { l.timers = append(l.timers, at) }
func (l *script) start(vcpu uint32, _ *Thread)  { l.started = append(l.started, vcpu) }
func (*script) putOff()                         {}

// busy is a scheduler on which vCPU 0 runs a thread, the next ones wait, each on the stack of a thread that waits too, and
// some have not been started.
func busy(idle, off int) (*scheduler, *script) {
	s, l := new(scheduler), &script{time: 1000}
	s.init(l, uint32(1+idle+off))
	s.settled = true
	s.first().on.sliceEnd = 5000
	for i := range idle {
		v := &s.vcpus[1+i]
		v.current, v.waits = s.add(), true
		v.current.state, v.current.on, v.current.last = waiting, v, v
		s.up++
	}
	return s, l
}

func ready(s *scheduler) {
	s.enqueue(s.add())
	s.unlock()
}

// A thread that is ready is given to a vCPU that waits, or to one that has not been started, or to who made it ready.
func TestFind(t *testing.T) {
	s, l := busy(2, 1)
	for range 5 {
		ready(s)
	}
	require.Equal(t, []uint32{1, 2}, l.calls, "each is called once")
	require.Equal(t, []uint32{3}, l.started)
	require.Equal(t, []uint64{5000}, l.timers)
}

// A thread goes where it ran last, if nobody runs there.
func TestFindPrefersTheLast(t *testing.T) {
	s, l := busy(3, 0)
	thread := s.add()
	thread.last = &s.vcpus[2]
	s.enqueue(thread)
	s.unlock()
	require.Equal(t, []uint32{2}, l.calls)
}

// Before the program's start is over no vCPU is started.
func TestFindDuringTheStart(t *testing.T) {
	s, l := busy(0, 3)
	s.settled = false
	ready(s)
	require.Empty(t, l.started)
	require.Equal(t, []uint64{5000}, l.timers)
	l.time = 2 * startTime
	s.interrupt() // the slice is over
	require.Equal(t, []uint32{1}, l.started)
}

// One may be needed for other things than threads.
func TestNeed(t *testing.T) {
	s, l := busy(1, 2)
	s.need(1)
	require.Empty(t, l.started)
	s.need(2)
	require.Equal(t, []uint32{2}, l.started)
	s.need(9)
	require.Equal(t, []uint32{2, 3}, l.started, "there are no more")
}

// A vCPU was called for a thread in the queue, and finds that its own has been woken too: it finds another for the first.
func TestWokenGoesFirst(t *testing.T) {
	s, l := busy(2, 0)
	ready(s)
	s.wake(s.vcpus[1].current, false)
	s.unlock()
	require.Equal(t, []uint32{1}, l.calls)
	l.vcpu = 1
	s.next()
	s.unlock()
	require.Equal(t, []uint32{1, 2}, l.calls)
	require.Equal(t, running, s.vcpus[1].current.state)
	require.NotNil(t, s.queue.first)
}

// Who takes one of several threads from the queue sees to the next.
func TestNextLooksAfterTheQueue(t *testing.T) {
	s, l := busy(1, 0)
	ready(s)
	ready(s)
	require.Equal(t, []uint32{1}, l.calls)
	old := s.vcpus[1].current
	l.vcpu, l.timers = 1, nil
	s.next()
	s.unlock()
	require.Equal(t, []uint64{1000 + slice}, l.timers, "nobody waits: it is the next when its own slice is over")
	require.Nil(t, old.on)
}

// An ended thread's place is free when its vCPU has left it.
func TestEndedThread(t *testing.T) {
	s, l := busy(1, 0)
	thread := s.vcpus[1].current
	thread.state = ended
	ready(s)
	require.Equal(t, ended, thread.state)
	l.vcpu = 1
	s.next()
	s.unlock()
	require.Equal(t, unused, thread.state)
}

// The timer is not set anew where it is early enough.
func TestArm(t *testing.T) {
	s, l := busy(0, 0)
	s.queue.append(s.add())
	v := &s.vcpus[0]
	s.arm(v, l.time)
	s.unlock()
	s.arm(v, l.time)
	s.unlock()
	require.Equal(t, []uint64{5000}, l.timers)
	sleeper := s.add()
	sleeper.deadline = 3000
	v.timed.insertByTime(sleeper)
	s.arm(v, l.time)
	s.unlock()
	require.Equal(t, []uint64{5000, 3000}, l.timers)
	l.time = 6000
	s.arm(v, l.time)
	s.unlock()
	require.Equal(t, []uint64{5000, 3000, 3000}, l.timers, "it should have fired: it does at once")
}
