package store

import "syscall"

// errnos are the errors that the protocol has, which are sent by their names. Public header io/xs_wire.h.
var errnos = map[syscall.Errno]string{
	syscall.EINVAL: "EINVAL", syscall.EACCES: "EACCES", syscall.EEXIST: "EEXIST", syscall.EISDIR: "EISDIR",
	syscall.ENOENT: "ENOENT", syscall.ENOMEM: "ENOMEM", syscall.ENOSPC: "ENOSPC", syscall.EIO: "EIO",
	syscall.ENOTEMPTY: "ENOTEMPTY", syscall.ENOSYS: "ENOSYS", syscall.EROFS: "EROFS", syscall.EBUSY: "EBUSY",
	syscall.EAGAIN: "EAGAIN", syscall.EISCONN: "EISCONN", syscall.E2BIG: "E2BIG", syscall.EPERM: "EPERM",
}

// nameOf is how an error is sent. One that the protocol does not have is an error of ours, and sent as EIO.
func nameOf(errno syscall.Errno) string {
	if name, ok := errnos[errno]; ok {
		return name
	}
	return "EIO"
}
