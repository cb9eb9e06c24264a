package sockets

import (
	"slices"
	"syscall"

	"tuco/guestlib/calls"
)

// Numbers is the system calls that a table may answer: those of sockets alone, and those of all descriptors.
var Numbers = slices.Concat(socketCalls, descriptorCalls)

var socketCalls = []uintptr{
	syscall.SYS_SOCKET, syscall.SYS_SOCKETPAIR, syscall.SYS_SENDTO, syscall.SYS_RECVFROM, syscall.SYS_SENDMSG,
	syscall.SYS_RECVMSG, syscall.SYS_BIND, syscall.SYS_CONNECT, syscall.SYS_LISTEN, syscall.SYS_ACCEPT, syscall.SYS_ACCEPT4,
	syscall.SYS_GETSOCKNAME, syscall.SYS_GETPEERNAME, syscall.SYS_SHUTDOWN, syscall.SYS_SETSOCKOPT, syscall.SYS_GETSOCKOPT,
}

var descriptorCalls = []uintptr{
	syscall.SYS_CLOSE, syscall.SYS_READ, syscall.SYS_WRITE, syscall.SYS_READV, syscall.SYS_WRITEV, syscall.SYS_FCNTL,
	syscall.SYS_DUP, syscall.SYS_IOCTL, syscall.SYS_FSTAT, syscall.SYS_LSEEK, syscall.SYS_PREAD64, syscall.SYS_PWRITE64,
	syscall.SYS_FSYNC, syscall.SYS_FTRUNCATE, syscall.SYS_SENDFILE, syscall.SYS_SPLICE,
}

// Call answers a system call, or says that it isn't of a socket's. It is a [calls.Handler].
func (t *Table) Call(c calls.Call) (result uintptr, errno syscall.Errno, own bool) {
	var n int
	switch c.Number {
	case syscall.SYS_SOCKET:
		n, errno = t.socketCall(c.Int(0), c.Int(1), c.Int(2))
		return uintptr(n), errno, true
	case syscall.SYS_SOCKETPAIR:
		var fds [2]int32
		if fds, errno = t.socketPair(c.Int(0), c.Int(1), c.Int(2)); errno == 0 {
			*(*[2]int32)(c.Pointer(3)) = fds
		}
		return 0, errno, true
	case syscall.SYS_SPLICE:
		return 0, syscall.EINVAL, t.find(c.Int(0)) != nil || t.find(c.Int(2)) != nil // package net copies by itself then
	}
	d := t.find(c.Int(0))
	if d == nil {
		if !slices.Contains(socketCalls, c.Number) {
			return 0, 0, false
		}
		if _, _, errno = syscall.Syscall(syscall.SYS_FCNTL, c.Args[0], syscall.F_GETFD, 0); errno == 0 {
			errno = syscall.ENOTSOCK
		}
		return 0, errno, true
	}
	switch c.Number {
	case syscall.SYS_CLOSE:
		errno = t.closeDescriptor(c.Int(0))
	case syscall.SYS_LISTEN:
		errno = d.socket.listen(c.Int(1))
	case syscall.SYS_SHUTDOWN:
		errno = d.socket.shutdown(c.Int(1))
	case syscall.SYS_FCNTL:
		n, errno = d.control(c.Int(1), c.Int(2))
	case syscall.SYS_DUP:
		n, errno = t.add(d)
	case syscall.SYS_IOCTL:
		errno = syscall.ENOTTY
	case syscall.SYS_FSTAT:
		*(*syscall.Stat_t)(c.Pointer(1)) = syscall.Stat_t{Mode: syscall.S_IFSOCK | 0o777, Nlink: 1}
	case syscall.SYS_LSEEK, syscall.SYS_PREAD64, syscall.SYS_PWRITE64:
		errno = syscall.ESPIPE
	case syscall.SYS_FSYNC, syscall.SYS_FTRUNCATE:
		errno = syscall.EINVAL
	case syscall.SYS_BIND, syscall.SYS_CONNECT, syscall.SYS_ACCEPT, syscall.SYS_ACCEPT4, syscall.SYS_GETSOCKNAME, syscall.SYS_GETPEERNAME:
		n, errno = d.namedCall(&c)
	case syscall.SYS_SENDFILE:
		n, errno = d.sendFile(c.Int(1), (*int64)(c.Pointer(2)), int(min(c.Args[3], mostOfFile)))
	case syscall.SYS_SETSOCKOPT:
		errno = d.socket.setOption(c.Int(1), c.Int(2), c.Bytes(3, 4))
	case syscall.SYS_GETSOCKOPT:
		var value []byte
		if value, errno = d.socket.option(c.Int(1), c.Int(2)); errno == 0 {
			size := (*uint32)(c.Pointer(4))
			*size = min(*size, uint32(len(value)))
			copy(bytesAt(c.Pointer(3), *size), value)
		}
	default:
		n, errno = d.transfer(&c)
	}
	return uintptr(n), errno, true
}

// namedCall is the calls that have a name, struct sockaddr and its length, as the last arguments.
func (d *description) namedCall(c *calls.Call) (n int, errno syscall.Errno) {
	var name []byte
	switch c.Number {
	case syscall.SYS_BIND:
		return 0, d.socket.bind(c.Bytes(1, 2))
	case syscall.SYS_CONNECT:
		return 0, d.connect(c.Bytes(1, 2))
	case syscall.SYS_ACCEPT:
		n, name, errno = d.accept(0)
	case syscall.SYS_ACCEPT4:
		n, name, errno = d.accept(c.Int(3))
	case syscall.SYS_GETSOCKNAME:
		name, errno = d.socket.name()
	case syscall.SYS_GETPEERNAME:
		name, errno = d.socket.peer()
	}
	if errno == 0 {
		giveName(c, 1, name)
	}
	return n, errno
}

// giveName writes a name to where an argument points, and its length to where the next does: as much as there is room for.
func giveName(c *calls.Call, i int, name []byte) {
	if c.Args[i] == 0 || c.Args[i+1] == 0 {
		return
	}
	size := (*uint32)(c.Pointer(i + 1))
	copy(bytesAt(c.Pointer(i), *size), name)
	*size = uint32(len(name))
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
		d.socket, errno = t.newNetlink(protocol)
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
	if errno != syscall.EINPROGRESS {
		return errno
	}
	if d.nonblocking.Load() {
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

func (d *description) accept(flags int) (fd int, peer []byte, errno syscall.Errno) {
	const known = syscall.SOCK_NONBLOCK | syscall.SOCK_CLOEXEC
	if flags&^known != 0 {
		return 0, nil, syscall.EINVAL
	}
	n := &description{table: d.table}
	n.nonblocking.Store(flags&syscall.SOCK_NONBLOCK != 0)
	errno = d.wait(false, func() (errno syscall.Errno) {
		n.socket, peer, errno = d.socket.accept(n)
		return errno
	})
	if errno != 0 {
		return 0, nil, errno
	}
	fd, errno = d.table.install(n)
	return fd, peer, errno
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
