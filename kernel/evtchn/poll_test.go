package evtchn

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/sharedinfo"
)

func TestPoll(t *testing.T) {
	s := newHouse(t)
	d := s.domain(2, 100)
	p, q := s.port(BindIPI(s.h, d, 0)), s.port(BindIPI(s.h, d, 0))
	for _, n := range []hypercall.Port{p, q} {
		d.Page.Mask[0].Or(1 << n) // who polls has the port masked
	}
	poll := func(want bool, ports ...hypercall.Port) {
		t.Helper()
		ready, e := d.Poll(1, ports)
		require.Zero(t, e)
		require.Equal(t, want, ready)
		require.Equal(t, !want, d.polling.Load() != 0)
	}
	send := func(n hypercall.Port) uint64 {
		t.Helper()
		effect, e := Send(s.h, d, n)
		require.Zero(t, e)
		require.Zero(t, effect.Upcall, "masked")
		return effect.Polled
	}
	poll(false, p)
	assert.Zero(t, send(q), "another port")
	assert.EqualValues(t, 2, send(p))
	assert.Zero(t, d.polling.Load(), "a poll ends once")
	poll(true, p)
	poll(true, q, p)

	d.Page.Pending[0].Store(0)
	poll(false, p, q)
	assert.EqualValues(t, 2, send(q), "one of two")
	d.Page.Pending[0].Store(0)
	poll(false)
	d.EndPoll(1)
	assert.Zero(t, send(q), "nobody polls")

	poll(false)
	seen := d.polling.Load() // by two senders
	assert.EqualValues(t, 2, d.endPolls(seen, p))
	assert.Zero(t, d.endPolls(seen, q), "the other one has ended it")

	d.vcpus[1].Info().RaiseUpcall()
	poll(true, p) // an upcall is due
	d.vcpus[1].Info().MaskUpcalls()
	poll(false, p)
	d.EndPoll(1)

	_, e := d.Poll(1, make([]hypercall.Port, MaxPollPorts+1))
	assert.Equal(t, hypercall.EINVAL, e)
	_, e = d.Poll(1, []hypercall.Port{p, 2000})
	assert.Equal(t, hypercall.EINVAL, e)
	_, e = d.Poll(9, nil)
	assert.Equal(t, hypercall.EINVAL, e)
	_, e = d.Poll(1, []hypercall.Port{q, 2000})
	assert.Zero(t, e, "a pending port before the one that does not exist")
}

// sleeper is a vCPU as the scheduler sees it: a wake between prepare and block
// keeps it awake.
type sleeper struct{ woken, blocked atomic.Bool }

func (s *sleeper) prepare() { s.woken.Store(false) }
func (s *sleeper) block()   { s.blocked.Store(true) }
func (s *sleeper) wake()    { s.woken.Store(true) }
func (s *sleeper) asleep() bool {
	return s.blocked.Load() && !s.woken.Load()
}

// interleave calls f with each way to merge a steps of one side with b of another;
// true stands for a step of the first side.
func interleave(a, b int, f func(order []bool)) {
	var merge func(order []bool, a, b int)
	merge = func(order []bool, a, b int) {
		if a+b == 0 {
			f(order)
			return
		}
		if a > 0 {
			merge(append(order[:len(order):len(order)], true), a-1, b)
		}
		if b > 0 {
			merge(append(order[:len(order):len(order)], false), a, b-1)
		}
	}
	merge(nil, a, b)
}

// Every way in which the steps of a poll and those of a sender can fall between
// each other: the vCPU never sleeps on a pending port.
func TestPollInterleavings(t *testing.T) {
	count := 0
	for _, ports := range [][]hypercall.Port{{1}, {2, 1}} {
		interleave(4, 3, func(order []bool) {
			count++
			s := newHouse(t)
			d := s.domain(1, 100)
			s.port(BindIPI(s.h, d, 0))
			s.port(BindIPI(s.h, d, 0))
			d.Page.Mask[0].Store(^uint64(0))
			v, vcpu := d.vcpus[0], new(sleeper)
			ready := false
			poller := []func(){
				vcpu.prepare,
				func() { d.beginPoll(v, ports) },
				func() { ready, _ = d.checkPoll(v, ports) },
				func() {
					if ready {
						d.EndPoll(0)
					} else {
						vcpu.block()
					}
				},
			}
			var effect Effect
			sender := []func(){
				func() { require.True(t, sharedinfo.TestAndSet(&d.Page.Pending[0], 1)) },
				func() { effect = d.tell(1, 0) },
				func() {
					if effect.Polled&1 != 0 {
						vcpu.wake()
					}
				},
			}
			for _, first := range order {
				side := &sender
				if first {
					side = &poller
				}
				(*side)[0]()
				*side = (*side)[1:]
			}
			assert.False(t, vcpu.asleep(), "sleeps with its port pending: %v", order)
		})
	}
	assert.Equal(t, 2*35, count)
}

// The same for a vCPU that blocks with upcalls off, as SCHEDOP_block does: it lets
// them in, looks, and sleeps.
func TestBlockInterleavings(t *testing.T) {
	count := 0
	interleave(4, 3, func(order []bool) {
		count++
		s := newHouse(t)
		d := s.domain(1, 100)
		s.port(BindIPI(s.h, d, 0))
		info, vcpu := d.vcpus[0].Info(), new(sleeper)
		info.MaskUpcalls()
		deliverable := false
		blocker := []func(){
			vcpu.prepare,
			info.UnmaskUpcalls,
			func() { deliverable = info.Deliverable() },
			func() {
				if !deliverable {
					vcpu.block()
				}
			},
		}
		var effect Effect
		sender := []func(){
			func() { sharedinfo.TestAndSet(&d.Page.Pending[0], 1) },
			func() { effect = d.tell(1, 0) },
			func() {
				if effect.Upcall&1 != 0 {
					vcpu.wake()
				}
			},
		}
		for _, first := range order {
			side := &sender
			if first {
				side = &blocker
			}
			(*side)[0]()
			*side = (*side)[1:]
		}
		assert.False(t, vcpu.asleep(), "sleeps with an upcall pending: %v", order)
	})
	assert.Equal(t, 35, count)
}

// A vCPU polls, another domain sends, at full speed: whoever sleeps is woken. The
// two wait for each other, so a lost wake-up would never end.
func TestPollRace(t *testing.T) {
	s := newHouse(t)
	a, b := s.domain(1, 100), s.domain(1, 100)
	p, q := s.pair(a, b)
	a.Page.Mask[0].Store(^uint64(0))
	const rounds = 3000
	vcpu := new(sleeper)
	var taken atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		for range rounds {
			for {
				vcpu.prepare()
				ready, e := a.Poll(0, []hypercall.Port{p})
				if e != 0 {
					panic(e)
				}
				if ready {
					break
				}
				for !vcpu.woken.Load() {
					runtime.Gosched()
				}
				a.EndPoll(0)
			}
			sharedinfo.TestAndClear(&a.Page.Pending[0], uint(p))
			taken.Add(1)
		}
	})
	wg.Go(func() {
		h := cpu(1)
		for i := range int64(rounds) {
			effect, e := Send(h, b, q)
			if e != 0 {
				panic(e)
			}
			if effect.Polled != 0 {
				vcpu.wake()
			}
			for taken.Load() == i {
				runtime.Gosched()
			}
		}
	})
	wg.Wait()
}
