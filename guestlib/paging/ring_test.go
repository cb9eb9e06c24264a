package paging

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/hypercall"
)

const ringSize = 256

// fakeRing is a hypervisor with a ring, whose exits are when a test says so.
type fakeRing struct {
	*fake
	shared hypercall.TucoRing
	slots  []hypercall.MMUUpdate
	kicks  int
	gone   bool
}

// newFakeRing is one whose indices begin somewhere.
func newFakeRing(at uint64) (*fakeRing, *Queue) {
	f, q := newFake()
	r := &fakeRing{fake: f, slots: make([]hypercall.MMUUpdate, ringSize)}
	r.shared.Prod, r.shared.Cons = at, at
	q.Join(r.ring())
	return r, q
}

func (f *fakeRing) ring() Ring {
	return Ring{Shared: &f.shared, Slots: f.slots, Kick: func() hypercall.Errno {
		f.kicks++
		if f.gone {
			return hypercall.ENXIO
		}
		f.exit(ringSize)
		return 0
	}}
}

// exit makes so many updates at most.
func (f *fakeRing) exit(most int) {
	for ; f.shared.Cons != f.shared.Prod && most > 0; most-- {
		u := &f.slots[f.shared.Cons%ringSize]
		if err := f.refuses[u.Val]; err != 0 {
			u.Ptr |= hypercall.TUCORING_refused
			u.Val = uint64(err)
			f.shared.Refused++
		} else {
			f.memory[u.Ptr] = u.Val
		}
		f.shared.Cons++
	}
}

// The index tells that an update is done, without a call.
func TestRingCompletionByIndex(t *testing.T) {
	for _, at := range []uint64{0, 1, 255, 1 << 40, ^uint64(0) - 5, ^uint64(0)} {
		f, q := newFakeRing(at)
		require.True(t, q.Rides())
		first, second := q.Add(8, 1), q.Add(16, 2)
		f.exit(ringSize)
		require.False(t, q.Done(first), "it was not sent")
		q.Send()
		require.False(t, q.Done(first))
		f.exit(1)
		require.True(t, q.Done(first))
		require.False(t, q.Done(second))
		require.Zero(t, q.Wait(first))
		require.Zero(t, f.kicks)
		require.Zero(t, q.Wait(second))
		require.Equal(t, 1, f.kicks)
		require.Equal(t, Stats{Updates: 2, Flushes: 1, Waits: 1}, q.Stats)
		require.Empty(t, f.batches, "no list was sent")
	}
}

func TestRingRefusals(t *testing.T) {
	f, q := newFakeRing(ringSize - 3)
	f.refuses[3], f.refuses[5] = hypercall.EINVAL, hypercall.EPERM
	var tickets []Ticket
	for v := range uint64(8) {
		tickets = append(tickets, q.Add(8*v, v))
	}
	q.Send()
	f.exit(5)
	require.Equal(t, hypercall.Errno(hypercall.EINVAL), q.Wait(tickets[3]))
	require.Zero(t, f.kicks)
	for v, ticket := range tickets {
		require.Equal(t, f.refuses[uint64(v)], q.Wait(ticket), "ticket of %d", v)
	}
	require.Equal(t, hypercall.Errno(hypercall.EPERM), q.RefusedAfter(tickets[3]))
	require.Zero(t, q.RefusedAfter(tickets[5]))
	require.Equal(t, Stats{Updates: 6, Flushes: 1, Waits: 1, Failed: 2}, q.Stats)
	require.Equal(t, uint64(7), f.memory[56])
}

// A full ring goes out, and no slot is used again before it is known what became of it.
func TestRingFull(t *testing.T) {
	f, q := newFakeRing(7)
	f.refuses[1000] = hypercall.EBUSY
	bad := q.Add(4096, 1000)
	for v := range uint64(ringSize - 1) {
		q.Add(8*v, v)
	}
	require.Zero(t, f.kicks)
	q.Send()
	f.exit(ringSize)
	last := q.Add(8*ringSize, 1) // in the place of the first
	require.Zero(t, f.kicks, "there was room")
	require.Equal(t, hypercall.Errno(hypercall.EBUSY), q.Wait(bad))
	for v := range uint64(3 * ringSize) {
		q.Add(8*v, v+1)
	}
	require.True(t, q.Done(last))
	q.Flush()
	require.Equal(t, 4, f.kicks)
	require.Equal(t, uint64(3*ringSize), f.memory[8*(3*ringSize-1)])
	q.Flush()
	require.Equal(t, 4, f.kicks, "there is nothing to be made")
}

func TestRingReserve(t *testing.T) {
	for _, before := range []int{0, ringSize - 10, ringSize - 9, ringSize} {
		f, q := newFakeRing(0)
		for i := range before {
			q.Add(uint64(8*i), 1)
		}
		q.Reserve(10)
		kicks, first := f.kicks, q.Last()+1
		for i := range 10 {
			q.Add(uint64(8*(ringSize+i)), 1)
		}
		require.Equal(t, kicks, f.kicks)
		require.False(t, q.Done(first))
	}
}

// A ring that is gone has its updates made the other way, each once and in order.
func TestRingGone(t *testing.T) {
	f, q := newFakeRing(250)
	f.refuses[9] = hypercall.EINVAL
	for v := range uint64(20) {
		q.Add(8*(v/2), v)
	}
	q.Send()
	f.exit(6)
	f.gone = true
	sent, unsent := q.Last(), q.Add(800, 1)
	require.False(t, q.Done(sent))
	require.Zero(t, q.Wait(unsent))
	require.False(t, q.Rides())
	require.True(t, q.Done(unsent))
	require.Equal(t, hypercall.Errno(hypercall.EINVAL), q.Wait(10))
	for v := uint64(1); v < 20; v += 2 {
		if v != 9 {
			require.Equal(t, v, f.memory[8*(v/2)])
		}
	}
	require.Equal(t, uint64(8), f.memory[32], "what was refused changed nothing")
	require.Equal(t, []int{15, 11}, f.batches)
	require.Equal(t, Stats{Updates: 20, Flushes: 3, Waits: 1, Failed: 1}, q.Stats)
}

// A queue may change its way with updates in it, back and forth.
func TestRingJoinAndLeave(t *testing.T) {
	f, q := newFakeRing(0)
	a := q.Add(0, 1)
	require.True(t, q.Leave())
	require.False(t, q.Leave())
	require.True(t, q.Done(a))
	b := q.Add(8, 2)
	q.Join(f.ring())
	require.True(t, q.Done(b))
	c := q.Add(16, 3)
	require.False(t, q.Done(c))
	require.Equal(t, []int{1}, f.batches)
	require.Zero(t, q.Wait(c))
	require.Equal(t, map[uint64]uint64{0: 1, 8: 2, 16: 3}, f.memory)
}
