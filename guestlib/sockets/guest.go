package sockets

import (
	"errors"
	"syscall"

	"tuco/guestlib/calls"
	"tuco/guestlib/soft"
)

// guest is the sockets of the program that this is linked into, if that is a guest.
var guest = New(softDescriptors{}, fileSystem{})

func init() { calls.Handle(guest.Call, Numbers...) }

// softDescriptors are a guest's.
type softDescriptors struct{}

func (softDescriptors) Open() (int, syscall.Errno) {
	fd, err := soft.Open()
	return int(fd), errnoIn(err)
}

// Close can't fail: the number is one of ours.
func (softDescriptors) Close(fd int) { _ = soft.Descriptor(fd).Close() }

// Happened is told of descriptors that are open.
func (softDescriptors) Happened(fd int, events uint32) {
	_ = soft.Descriptor(fd).Raise(soft.Ready(events))
}

// fileSystem is the program's.
type fileSystem struct{}

// Make is that of Paths.
func (f fileSystem) Make(path string) (uint64, syscall.Errno) {
	if err := syscall.Mknod(path, syscall.S_IFSOCK|0o777, 0); err != nil {
		return 0, errnoIn(err)
	}
	return f.Find(path)
}

// Find is that of Paths.
func (fileSystem) Find(path string) (uint64, syscall.Errno) {
	var s syscall.Stat_t
	if err := syscall.Stat(path, &s); err != nil {
		return 0, errnoIn(err)
	}
	if s.Mode&syscall.S_IFMT != syscall.S_IFSOCK {
		return 0, syscall.ECONNREFUSED
	}
	return s.Ino, 0
}

// errnoIn is the number in an error of package syscall.
func errnoIn(err error) (errno syscall.Errno) {
	errors.As(err, &errno)
	return errno
}
