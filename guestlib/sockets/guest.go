package sockets

import (
	"errors"
	"syscall"

	"tuco/guestlib/calls"
	"tuco/guestlib/soft"
)

// guest is the sockets of the program that this is linked into, if that is a guest.
var guest = New(softDescriptors{})

func init() { calls.Handle(guest.Call, Numbers...) }

// softDescriptors are a guest's.
type softDescriptors struct{}

func (softDescriptors) Open() (int, syscall.Errno) {
	fd, err := soft.Open()
	var errno syscall.Errno
	errors.As(err, &errno)
	return int(fd), errno
}

// Close can't fail: the number is one of ours.
func (softDescriptors) Close(fd int) { _ = soft.Descriptor(fd).Close() }

// Happened is told of descriptors that are open.
func (softDescriptors) Happened(fd int, events uint32) {
	_ = soft.Descriptor(fd).Raise(soft.Ready(events))
}
