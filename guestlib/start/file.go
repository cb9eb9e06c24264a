package start

import (
	"unsafe"

	"tuco/guestlib/clock"
	"tuco/guestlib/console"
	"tuco/guestlib/cpu"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/sched"
	"tuco/hypercall"
)

// The descriptors: the standard ones, and behind them what the runtime's poller makes.
const (
	stdin, stdout, stderr = 0, 1, 2
	firstDescriptor       = 3
	maxDescriptors        = 16
)

// bytesAt is memory of the program's.
func bytesAt(address, size uint64) []byte {
	return unsafe.Slice(hypercalls.At[byte](address), min(size, 1<<30))
}

func write(fd, from, size uint64) uint64 {
	switch {
	case fd == stdout || fd == stderr:
		console.Write(bytesAt(from, size))
		return size
	case isEvent(fd):
		const word = 8
		if size != word {
			return failed(einval)
		}
		descriptors[fd-firstDescriptor].count += *at[uint64](from)
		sched.Wake(pollKey, len(descriptors))
		return word
	}
	return failed(ebadf)
}

func read(fd, to, size uint64) uint64 {
	switch {
	case fd == stdin:
		return 0 // nobody types
	case isEvent(fd):
		const word = 8
		d := &descriptors[fd-firstDescriptor]
		if size < word {
			return failed(einval)
		}
		if d.count == 0 {
			return failed(eagain)
		}
		*at[uint64](to), d.count = d.count, 0
		return word
	}
	return failed(ebadf)
}

func fcntl(fd, cmd uint64) uint64 {
	const getFlags, readWrite = 3, 2
	switch {
	case fd >= uint64(firstDescriptor+made):
		return failed(ebadf)
	case cmd == getFlags:
		return readWrite
	}
	return 0
}

// A descriptor is an epoll instance or an eventfd.
type descriptor struct {
	event bool
	count uint64 // an eventfd's

	polled bool // it was added to the poller, with these
	events uint32
	data   uint64
}

// There is one poller: the runtime's.
var (
	descriptors [maxDescriptors]descriptor
	made        int
)

// pollKey is what a thread waits for in the poller: no futex has this address.
const pollKey = 1

func isEvent(fd uint64) bool {
	return fd >= firstDescriptor && fd < uint64(firstDescriptor+made) && descriptors[fd-firstDescriptor].event
}

func newDescriptor(call uint64) uint64 {
	if made == maxDescriptors {
		const emfile errno = 24
		return failed(emfile)
	}
	descriptors[made] = descriptor{event: call == sysEventfd2}
	made++
	return uint64(firstDescriptor + made - 1)
}

// epollEvent is Linux' struct of that name, which is packed.
type epollEvent struct {
	events uint32
	data   [2]uint32
}

func epollCtl(epfd, op, fd, event uint64) uint64 {
	const add, del, eperm errno = 1, 2, 1
	if !isEvent(fd) {
		return failed(eperm) // as of a plain file: it is always ready
	}
	d := &descriptors[fd-firstDescriptor]
	if d.polled = errno(op) != del; d.polled {
		e := at[epollEvent](event)
		d.events, d.data = e.events, uint64(e.data[1])<<32|uint64(e.data[0])
	}
	return 0
}

func epollPwait(epfd, to, most, timeout uint64) uint64 {
	const in = 1
	deadline := uint64(0)
	ms := int32(timeout)
	if ms > 0 {
		deadline = clock.Now() + uint64(ms)*1_000_000
	}
	for {
		n := uint64(0)
		for i := range descriptors[:made] {
			d := &descriptors[i]
			if d.polled && d.count > 0 && n < most {
				const size = 12
				*at[epollEvent](to + n*size) = epollEvent{in, [2]uint32{uint32(d.data), uint32(d.data >> 32)}}
				n++
			}
		}
		if n > 0 || ms == 0 || !sched.Wait(pollKey, deadline) {
			return n
		}
	}
}

// getrandom's numbers are the processor's where it has some; else they are only hard to guess.
func getrandom(to, size uint64) uint64 {
	b := bytesAt(to, size)
	for i := range b {
		if i%8 == 0 {
			v, ok := cpu.Random()
			if !ok {
				v = clock.TSC()
			}
			mix(v)
		}
		b[i] = byte(randomness[0] >> (i % 8 * 8))
	}
	return size
}

// mix is a step of splitmix64, with something new.
func mix(v uint64) {
	randomness[1] += 0x9e3779b97f4a7c15
	z := randomness[1] ^ v
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	randomness[0] = z ^ z>>31
}

// exit ends the domain. A program's failure is the domain's crash.
func exit(code uint64) {
	if uint32(code) == 0 {
		hypercalls.Shutdown(hypercall.SHUTDOWN_poweroff)
	}
	var l console.Line
	l.Str("guest: exit status ").Dec(uint64(uint32(code))).End()
	hypercalls.Shutdown(hypercall.SHUTDOWN_crash)
}

func uname(to uint64) uint64 {
	const field = 65
	for i, s := range [...]string{"Linux", "guest", "6.1.0-tuco", "tuco", "x86_64", ""} {
		b := bytesAt(to+uint64(i)*field, field)
		clear(b)
		copy(b, s)
	}
	return 0
}
