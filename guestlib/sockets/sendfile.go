package sockets

import "syscall"

// mostOfFile is how much of a file one call sends: more than a socket usually takes at once.
const mostOfFile = 256 << 10

// sendFile sends what a file has at an offset, or, without one, where its descriptor is, which then goes on by what was sent.
// EINVAL: it is not a file with a place to go back to, because what can't be sent must not be lost.
func (d *description) sendFile(file int, offset *int64, count int) (n int, errno syscall.Errno) {
	const fromHere = 1
	at, err := syscall.Seek(file, 0, fromHere)
	if err != nil {
		return 0, syscall.EINVAL
	}
	if offset != nil {
		at = *offset
	}
	b := make([]byte, min(count, mostOfFile))
	size, err := syscall.Pread(file, b, at)
	if err != nil {
		return 0, errnoIn(err)
	}
	if size == 0 {
		return 0, 0
	}
	n, errno = d.send([]syscall.Iovec{{Base: &b[0], Len: uint64(size)}}, false, &message{})
	switch {
	case errno != 0:
	case offset != nil:
		*offset += int64(n)
	default:
		_, err = syscall.Seek(file, int64(n), fromHere)
		errno = errnoIn(err)
	}
	return n, errno
}
