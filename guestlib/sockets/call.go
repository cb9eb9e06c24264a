package sockets

import (
	"syscall"
)

// Call answers a system call, or says that it isn't of a socket's.
func (t *Table) Call(number, a1, a2, a3, a4, a5, a6 uintptr) (result uintptr, errno syscall.Errno, answered bool) {
	var n int
	switch number {
	case syscall.SYS_SOCKET:
		n, errno = t.socketCall(int(a1), int(a2), int(a3))
		return uintptr(n), errno, true
	case syscall.SYS_SOCKETPAIR:
		return 0, t.socketPair(int(a1), int(a2), int(a3), at[[2]int32](a4)), true
	}
	d := t.find(int(a1))
	if d == nil {
		return 0, 0, false
	}
	switch number {
	case syscall.SYS_CLOSE:
		errno = t.closeDescriptor(int(a1))
	case syscall.SYS_READ:
		n, errno = d.receive(&message{data: [][]byte{bytesAt(a2, a3)}})
	case syscall.SYS_WRITE:
		n, errno = d.send(&message{data: [][]byte{bytesAt(a2, a3)}})
	case syscall.SYS_READV, syscall.SYS_WRITEV:
		var m message
		if m.data, errno = vectors(a2, a3); errno == 0 && number == syscall.SYS_READV {
			n, errno = d.receive(&m)
		} else if errno == 0 {
			n, errno = d.send(&m)
		}
	case syscall.SYS_SENDTO:
		n, errno = d.send(&message{data: [][]byte{bytesAt(a2, a3)}, flags: int(a4), name: bytesAt(a5, a6)})
	case syscall.SYS_RECVFROM:
		m := message{data: [][]byte{bytesAt(a2, a3)}, flags: int(a4)}
		if n, errno = d.receive(&m); errno == 0 {
			giveBack(m.name, a5, a6)
		}
	case syscall.SYS_SENDMSG:
		n, errno = d.sendMessage(at[syscall.Msghdr](a2), int(a3))
	case syscall.SYS_RECVMSG:
		n, errno = d.receiveMessage(at[syscall.Msghdr](a2), int(a3))
	case syscall.SYS_BIND:
		errno = d.socket.bind(bytesAt(a2, a3))
	case syscall.SYS_CONNECT:
		errno = d.connect(bytesAt(a2, a3))
	case syscall.SYS_LISTEN:
		errno = d.socket.listen(int(a2))
	case syscall.SYS_ACCEPT:
		n, errno = d.accept(a2, a3, 0)
	case syscall.SYS_ACCEPT4:
		n, errno = d.accept(a2, a3, int(a4))
	case syscall.SYS_GETSOCKNAME:
		var name []byte
		if name, errno = d.socket.name(); errno == 0 {
			giveBack(name, a2, a3)
		}
	case syscall.SYS_GETPEERNAME:
		var name []byte
		if name, errno = d.socket.peer(); errno == 0 {
			giveBack(name, a2, a3)
		}
	case syscall.SYS_SHUTDOWN:
		errno = d.socket.shutdown(int(a2))
	case syscall.SYS_SETSOCKOPT:
		errno = d.socket.setOption(int(a2), int(a3), bytesAt(a4, a5))
	case syscall.SYS_GETSOCKOPT:
		var value []byte
		if value, errno = d.socket.option(int(a2), int(a3)); errno == 0 {
			giveBack(value[:min(len(value), int(*at[uint32](a5)))], a4, a5)
		}
	case syscall.SYS_FCNTL:
		n, errno = d.control(int(a2), int(a3))
	case syscall.SYS_DUP:
		n, errno = t.add(d)
	case syscall.SYS_IOCTL:
		errno = syscall.ENOTTY
	case syscall.SYS_FSTAT:
		*at[syscall.Stat_t](a2) = syscall.Stat_t{Mode: syscall.S_IFSOCK | 0o777, Nlink: 1}
	case syscall.SYS_LSEEK, syscall.SYS_PREAD64, syscall.SYS_PWRITE64:
		errno = syscall.ESPIPE
	default:
		errno = syscall.EINVAL // as of a call for files: fsync, ftruncate, getdents
	}
	return uintptr(n), errno, true
}

// socketCall is socket.
func (t *Table) socketCall(family, kind, protocol int) (fd int, errno syscall.Errno) {
	d := &description{table: t}
	d.nonblocking.Store(kind&syscall.SOCK_NONBLOCK != 0)
	switch kind &^= syscall.SOCK_NONBLOCK | syscall.SOCK_CLOEXEC; family {
	case syscall.AF_INET, syscall.AF_INET6:
		d.socket, errno = t.newInet(d, family, kind, protocol)
	case syscall.AF_UNIX:
		d.socket, errno = t.newUnix(d, kind)
	case syscall.AF_NETLINK:
		d.socket, errno = t.newNetlink(d, protocol)
	default:
		errno = syscall.EAFNOSUPPORT
	}
	if errno != 0 {
		return 0, errno
	}
	return t.install(d)
}

// connect waits for the connection where the descriptor is one that waits.
func (d *description) connect(name []byte) syscall.Errno {
	errno := d.socket.connect(name)
	if errno != syscall.EINPROGRESS || d.nonblocking.Load() {
		return errno
	}
	return d.wait(false, func() syscall.Errno {
		if _, errno := d.socket.peer(); errno == 0 {
			return 0
		}
		if value, errno := d.socket.option(syscall.SOL_SOCKET, syscall.SO_ERROR); errno != 0 || parse[int32](value) != 0 {
			return max(errno, syscall.Errno(parse[int32](value)))
		}
		return syscall.EAGAIN
	})
}

func (d *description) accept(name, length uintptr, flags int) (fd int, errno syscall.Errno) {
	const known = syscall.SOCK_NONBLOCK | syscall.SOCK_CLOEXEC
	if flags&^known != 0 {
		return 0, syscall.EINVAL
	}
	n := &description{table: d.table}
	n.nonblocking.Store(flags&syscall.SOCK_NONBLOCK != 0)
	var peer []byte
	errno = d.wait(false, func() (errno syscall.Errno) {
		n.socket, peer, errno = d.socket.accept(n)
		return errno
	})
	if errno != 0 {
		return 0, errno
	}
	if fd, errno = d.table.install(n); errno == 0 {
		giveBack(peer, name, length)
	}
	return fd, errno
}

// control is fcntl.
func (d *description) control(cmd, arg int) (int, syscall.Errno) {
	switch cmd {
	case syscall.F_DUPFD, syscall.F_DUPFD_CLOEXEC:
		return d.table.add(d)
	case syscall.F_GETFL:
		if d.nonblocking.Load() {
			return syscall.O_RDWR | syscall.O_NONBLOCK, 0
		}
		return syscall.O_RDWR, 0
	case syscall.F_SETFL:
		d.nonblocking.Store(arg&syscall.O_NONBLOCK != 0)
		return 0, 0
	case syscall.F_GETFD:
		return syscall.FD_CLOEXEC, 0
	case syscall.F_SETFD:
		return 0, 0
	}
	return 0, syscall.EINVAL
}
