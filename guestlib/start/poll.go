package start

import (
	"tuco/guestlib/clock"
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
	const del = 2
	d := find(fd)
	if d == nil {
		return failed(eperm) // as of a plain file: it is always ready
	}
	if d.polled = op != del; d.polled {
		e := at[epollEvent](e)
		d.events, d.data = e.events, uint64(e.data[1])<<32|uint64(e.data[0])
		d.happened(d.ready())
	}
	return 0
}

// ready is what a descriptor is ready for.
func (d *descriptor) ready() (bits uint32) {
	switch d.kind {
	case event:
		if d.count > 0 {
			bits = pollIn
		}
	case pipeOut:
		if d.pipe.size > 0 {
			bits = pollIn
		}
		if d.pipe.in == 0 {
			bits |= pollHangUp
		}
	case pipeIn:
		if d.pipe.size < pipeSize {
			bits = pollOut
		}
		if d.pipe.out == 0 {
			bits |= pollError
		}
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
		if !sched.Wait(pollKey, deadline) {
			return tell(to, most)
		}
	}
}

// tell writes down what there is to tell, and returns how much.
func tell(to, most uint64) (n uint64) {
	const size = 12
	for i := range descriptors {
		d := &descriptors[i]
		if !d.polled || n == most {
			continue
		}
		bits := d.ready()
		if d.events&pollEdge != 0 {
			bits, d.edges = d.edges, 0
		}
		if bits &= d.events | pollError | pollHangUp; bits != 0 {
			*at[epollEvent](to + n*size) = epollEvent{bits, [2]uint32{uint32(d.data), uint32(d.data >> 32)}}
			n++
		}
	}
	return n
}
