package start

import (
	"math/bits"
	"unsafe"

	"tuco/guestlib/clock"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/sched"
)

// Linux' bits of what the poller tells.
const (
	pollIn, pollOut, pollError, pollHangUp, pollReadHangUp = 0x1, 0x4, 0x8, 0x10, 0x2000
	pollEdge                                               = 1 << 31 // tell what happens, not what is
)

// pollKey is what a thread waits for in the poller: no futex has this address. There is one poller, the runtime's.
const pollKey = 1

// epollEvent is Linux' struct of that name, which is packed.
type epollEvent struct {
	events uint32
	data   [2]uint32
}

func epollCtl(op, fd, e uint64) uint64 {
	const add, del = 1, 2
	d := find(fd)
	switch {
	case d == nil || d.kind == file:
		return failed(eperm)
	case op == add && d.polled:
		return failed(eexist)
	}
	if d.polled = op != del; d.polled {
		e := at[epollEvent](e)
		d.events, d.data = e.events, uint64(e.data[1])<<32|uint64(e.data[0])
		d.edges = 0
		d.happened(d.ready())
	}
	return 0
}

// news has a bit for each descriptor of which the poller may have something to tell.
var news [maxDescriptors / 64]uint64

// happened tells the poller.
func (d *descriptor) happened(edges uint32) {
	d.edges |= edges
	if d.polled && edges != 0 {
		i := d.index()
		news[i/64] |= 1 << (i % 64)
		sched.Wake(pollKey, sched.MaxThreads)
	}
}

// index is a descriptor's place in the table.
func (d *descriptor) index() uint64 {
	return (hypercalls.Address(d) - hypercalls.Address(&descriptors[0])) / uint64(unsafe.Sizeof(*d))
}

// ready is what a descriptor is ready for.
func (d *descriptor) ready() (bits uint32) {
	switch d.kind {
	case event:
		if d.count > 0 {
			bits = pollIn
		}
	case soft, channel:
		bits = d.bits
	}
	return bits
}

func epollPwait(to, most, timeout uint64) uint64 {
	const millisecond = 1_000_000
	deadline := uint64(0)
	ms := int32(timeout)
	if ms > 0 {
		deadline = clock.Now() + uint64(ms)*millisecond
	}
	for {
		n := tell(to, most)
		if n > 0 || ms == 0 {
			return n
		}
		switch e := await(pollKey, deadline, &tables); e {
		case 0:
		case failed(eintr):
			return e
		default:
			return tell(to, most)
		}
	}
}

// told is where the next search for news begins, so that each descriptor has its turn.
var told uint64

// tell writes down what there is to tell, and returns how much.
func tell(to, most uint64) (n uint64) {
	const size = 12
	begin := told
	for k := range uint64(len(news)) {
		w := (begin + k) % uint64(len(news))
		for left := news[w]; left != 0; left &= left - 1 {
			if n == most {
				told = w
				return n
			}
			i := uint64(bits.TrailingZeros64(left))
			e := descriptors[64*w+i].tell()
			if e.events == 0 || descriptors[64*w+i].events&pollEdge != 0 {
				news[w] &^= 1 << i
			}
			if e.events != 0 {
				*at[epollEvent](to + n*size) = e
				n++
			}
		}
	}
	return n
}

// tell is what there is to tell of a descriptor: what it is ready for, or else what has happened to it.
func (d *descriptor) tell() epollEvent {
	now := d.ready()
	if d.events&pollEdge != 0 {
		now, d.edges = d.edges, 0
	}
	if now &= d.events | pollError | pollHangUp; !d.polled {
		now = 0
	}
	return epollEvent{now, [2]uint32{uint32(d.data), uint32(d.data >> 32)}}
}
