package start

import (
	"unsafe"

	"tuco/guestlib/clock"
	"tuco/guestlib/console"
	"tuco/guestlib/cpu"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// The standard descriptors.
const stdin, stdout, stderr = 0, 1, 2

// bytesAt is memory of the program's.
func bytesAt(address, size uint64) []byte {
	return unsafe.Slice(hypercalls.At[byte](address), min(size, 1<<30))
}

func write(fd, from, size uint64) uint64 {
	d := find(fd)
	switch {
	case d == nil:
		return failed(ebadf)
	case d.kind == event:
		return d.add(from, size)
	}
	return failed(ebadf)
}

func read(fd, to, size uint64) uint64 {
	d := find(fd)
	switch {
	case d == nil:
		return failed(ebadf)
	case d.kind == event:
		return d.take(to, size)
	}
	return failed(ebadf)
}

// standard stands for the standard descriptors.
var standard = descriptor{inherited: true}

func fcntl(fd, cmd, arg uint64) uint64 {
	const getFD, setFD, getFlags, setFlags, readWrite = 1, 2, 3, 4, 2
	d := find(fd)
	if d == nil {
		if fd > stderr {
			return failed(ebadf)
		}
		d = &standard
	}
	switch cmd {
	case getFD:
		if !d.inherited {
			return 1
		}
	case setFD:
		d.inherited = arg&1 == 0
	case getFlags:
		if d.nonblocking {
			return readWrite | nonBlocking
		}
		return readWrite
	case setFlags:
		d.nonblocking = arg&nonBlocking != 0
	default:
		return failed(einval)
	}
	return 0
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
