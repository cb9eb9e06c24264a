package sockets

import (
	"syscall"
	"unsafe"
)

// send is a write of any kind. Of a stream's, one that waits sends all.
func (d *description) send(m *message) (total int, errno syscall.Errno) {
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

// receive is a read of any kind.
func (d *description) receive(m *message) (n int, errno syscall.Errno) {
	errno = d.wait(m.flags&syscall.MSG_DONTWAIT != 0, func() (errno syscall.Errno) {
		n, errno = d.socket.receive(m)
		return errno
	})
	return n, errno
}

func (d *description) sendMessage(h *syscall.Msghdr, flags int) (n int, errno syscall.Errno) {
	m := message{flags: flags, name: unsafe.Slice(h.Name, h.Namelen), control: unsafe.Slice(h.Control, h.Controllen)}
	if m.data, errno = vectors(uintptr(unsafe.Pointer(h.Iov)), uintptr(h.Iovlen)); errno != 0 {
		return 0, errno
	}
	return d.send(&m)
}

func (d *description) receiveMessage(h *syscall.Msghdr, flags int) (n int, errno syscall.Errno) {
	m := message{flags: flags, room: int(h.Controllen)}
	if m.data, errno = vectors(uintptr(unsafe.Pointer(h.Iov)), uintptr(h.Iovlen)); errno != 0 {
		return 0, errno
	}
	if n, errno = d.receive(&m); errno != 0 {
		return 0, errno
	}
	if h.Name != nil {
		copy(unsafe.Slice(h.Name, h.Namelen), m.name)
	}
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
