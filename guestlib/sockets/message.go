package sockets

import (
	"bytes"
	"syscall"
	"unsafe"

	"tuco/guestlib/calls"
)

// transfer is the calls that send and receive.
func (d *description) transfer(c *calls.Call) (n int, errno syscall.Errno) {
	switch c.Number {
	case syscall.SYS_READV, syscall.SYS_WRITEV:
		const most = 1024 // UIO_MAXIOV
		if c.Args[2] > most {
			return 0, syscall.EINVAL
		}
		parts := unsafe.Slice((*syscall.Iovec)(c.Pointer(1)), c.Args[2])
		if c.Number == syscall.SYS_READV {
			return d.receive(parts, c.OnStack(1), &message{})
		}
		return d.send(parts, c.OnStack(1), &message{})
	case syscall.SYS_SENDMSG:
		return d.sendMessage((*syscall.Msghdr)(c.Pointer(1)), c.OnStack(1), c.Int(2))
	case syscall.SYS_RECVMSG:
		return d.receiveMessage((*syscall.Msghdr)(c.Pointer(1)), c.OnStack(1), c.Int(2))
	}
	part := []syscall.Iovec{{Base: (*byte)(c.Pointer(1)), Len: uint64(c.Args[2])}}
	switch c.Number {
	case syscall.SYS_WRITE:
		return d.send(part, c.OnStack(1), &message{})
	case syscall.SYS_READ:
		return d.receive(part, c.OnStack(1), &message{})
	case syscall.SYS_SENDTO:
		return d.send(part, c.OnStack(1), &message{flags: c.Int(3), name: bytes.Clone(c.Bytes(4, 5))})
	}
	m := &message{flags: c.Int(3)} // SYS_RECVFROM
	if n, errno = d.receive(part, c.OnStack(1), m); errno == 0 {
		giveName(c, 4, m.name)
	}
	return n, errno
}

// send sends the parts of a message. Of a stream's, a call that waits sends all.
func (d *description) send(parts []syscall.Iovec, onStack bool, m *message) (total int, errno syscall.Errno) {
	m.data = gather(parts, onStack)
	size := m.size()
	errno = d.wait(m.flags&syscall.MSG_DONTWAIT != 0, func() syscall.Errno {
		n, errno := d.socket.send(m)
		if total += n; errno == 0 && n > 0 && total < size && !d.nonblocking.Load() {
			return syscall.EAGAIN
		}
		return errno
	})
	if total > 0 {
		errno = 0
	}
	return total, errno
}

// receive receives a message into parts.
func (d *description) receive(parts []syscall.Iovec, onStack bool, m *message) (n int, errno syscall.Errno) {
	m.data = gather(parts, onStack)
	var all []byte // m.data will be what is left of it
	if onStack {
		all = m.data[0]
	}
	errno = d.wait(m.flags&syscall.MSG_DONTWAIT != 0, func() (errno syscall.Errno) {
		n, errno = d.socket.receive(m)
		return errno
	})
	if onStack && errno == 0 {
		scatter(parts, all)
	}
	return n, errno
}

func (d *description) sendMessage(h *syscall.Msghdr, onStack bool, flags int) (int, syscall.Errno) {
	return d.send(unsafe.Slice(h.Iov, h.Iovlen), onStack, &message{
		flags:   flags,
		name:    bytes.Clone(unsafe.Slice(h.Name, h.Namelen)),
		control: bytes.Clone(unsafe.Slice(h.Control, h.Controllen)),
	})
}

func (d *description) receiveMessage(h *syscall.Msghdr, onStack bool, flags int) (n int, errno syscall.Errno) {
	m := &message{flags: flags}
	if n, errno = d.receive(unsafe.Slice(h.Iov, h.Iovlen), onStack, m); errno != 0 {
		return 0, errno
	}
	copy(unsafe.Slice(h.Name, h.Namelen), m.name)
	h.Namelen = uint32(len(m.name))
	if len(m.control) > int(h.Controllen) {
		m.control, m.flags = nil, m.flags|syscall.MSG_CTRUNC
	}
	copy(unsafe.Slice(h.Control, h.Controllen), m.control)
	h.Controllen = uint64(len(m.control))
	h.Flags = int32(m.flags)
	return n, 0
}

// ancillary appends a control message.
func ancillary(to []byte, level, typ int, value []byte) []byte {
	h := syscall.Cmsghdr{Level: int32(level), Type: int32(typ)}
	h.SetLen(syscall.CmsgLen(len(value)))
	to = append(append(to, structure(h)...), value...)
	return append(to, make([]byte, syscall.CmsgSpace(len(value))-syscall.CmsgLen(len(value)))...)
}
