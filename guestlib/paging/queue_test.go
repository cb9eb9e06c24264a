package paging

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/hypercall"
)

const capacity = 1024

// fake is a hypervisor that refuses some values.
type fake struct {
	memory  map[uint64]uint64
	refuses map[uint64]hypercall.Errno
	batches []int
}

func (f *fake) transport(list []hypercall.MMUUpdate) (done uint32, err hypercall.Errno) {
	f.batches = append(f.batches, len(list))
	for i, u := range list {
		if err := f.refuses[u.Val]; err != 0 {
			return uint32(i), err
		}
		f.memory[u.Ptr] = u.Val
	}
	return uint32(len(list)), 0
}

func newFake() (*fake, *Queue) {
	f := &fake{memory: map[uint64]uint64{}, refuses: map[uint64]hypercall.Errno{}}
	return f, &Queue{Transport: f.transport, Room: make([]hypercall.MMUUpdate, capacity)}
}

func TestNothingHappensBeforeItIsWaitedFor(t *testing.T) {
	f, q := newFake()
	ticket := q.Add(8, 1)
	require.False(t, q.Done(ticket))
	require.Empty(t, f.memory)
	require.Zero(t, q.Wait(ticket))
	require.True(t, q.Done(ticket))
	require.Equal(t, uint64(1), f.memory[8])
}

func TestRefusedUpdateFailsItsOwnTicket(t *testing.T) {
	f, q := newFake()
	f.refuses[3], f.refuses[5] = hypercall.EINVAL, hypercall.EPERM
	var tickets []Ticket
	for v := range uint64(8) {
		tickets = append(tickets, q.Add(8*v, v))
	}
	q.Flush()
	for v, ticket := range tickets {
		require.True(t, q.Done(ticket))
		require.Equal(t, f.refuses[uint64(v)], q.Wait(ticket), "ticket of %d", v)
		_, written := f.memory[uint64(8*v)]
		require.Equal(t, f.refuses[uint64(v)] == 0, written, "update %d", v)
	}
	require.Equal(t, Stats{Updates: 6, Flushes: 3, Failed: 2}, q.Stats)
}

func TestFullQueueGoesOut(t *testing.T) {
	f, q := newFake()
	first := q.Add(0, 1)
	for v := range uint64(2 * capacity) {
		q.Add(8*v, v)
	}
	require.True(t, q.Done(first))
	q.Flush()
	require.Equal(t, []int{capacity, capacity, 1}, f.batches)
	require.Len(t, f.memory, 2*capacity)
	q.Flush()
	require.Len(t, f.batches, 3, "an empty queue goes nowhere")
}

// The last update of a batch may be the refused one.
func TestRefusedAtTheEnd(t *testing.T) {
	f, q := newFake()
	f.refuses[9] = hypercall.EINVAL
	good, bad := q.Add(0, 1), q.Add(8, 9)
	require.Equal(t, hypercall.Errno(hypercall.EINVAL), q.Wait(bad))
	require.Zero(t, q.Wait(good))
}

// A transport that counts too high, or that fails without having done anything, ends nothing but what it was asked.
func TestTransportThatLies(t *testing.T) {
	q := &Queue{
		Transport: func(list []hypercall.MMUUpdate) (uint32, hypercall.Errno) { return 1000, hypercall.EINVAL },
		Room:      make([]hypercall.MMUUpdate, capacity),
	}
	ticket := q.Add(0, 1)
	q.Wait(ticket)
	require.True(t, q.Done(ticket))
}

func TestRefusedAfter(t *testing.T) {
	f, q := newFake()
	f.refuses[7] = hypercall.EINVAL
	q.Add(0, 1)
	bad := q.Add(8, 7)
	q.Flush()
	require.Equal(t, hypercall.Errno(hypercall.EINVAL), q.RefusedAfter(bad-1))
	require.Zero(t, q.RefusedAfter(bad))
}

// With what was reserved the queue does not go out, however much was there before.
func TestReserve(t *testing.T) {
	for _, before := range []int{0, capacity - 10, capacity - 9, capacity} {
		f, q := newFake()
		for i := range before {
			q.Add(uint64(i), 1)
		}
		q.Reserve(10)
		sent := len(f.batches)
		var first Ticket
		for i := range 10 {
			ticket := q.Add(uint64(8*capacity+i), 1)
			if i == 0 {
				first = ticket
			}
		}
		require.Len(t, f.batches, sent)
		require.False(t, q.Done(first))
	}
}

func TestStats(t *testing.T) {
	before, after := Stats{10, 2, 1, 0}, Stats{70, 5, 3, 1}
	require.Equal(t, Stats{60, 3, 2, 1}, after.Since(before))
	require.Equal(t, uint64(20), after.Since(before).Batch())
	require.Zero(t, Stats{}.Batch())
}
