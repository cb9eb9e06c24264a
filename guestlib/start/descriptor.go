package start

import "tuco/hypercall"

// kind is what a descriptor stands for.
type kind uint8

const (
	unused kind = iota
	poller
	event   // an eventfd
	soft    // what an upper package makes of it
	file    // the same, but the poller does not take it: it is always ready
	channel // an event channel's end: readable when an event was taken
)

// A descriptor is what the program knows by a number from firstDescriptor on.
type descriptor struct {
	kind        kind
	nonblocking bool
	inherited   bool   // F_SETFD without FD_CLOEXEC: nobody executes anything, but programs ask
	count       uint64 // an event's
	bits        uint32 // a soft one's readiness
	port        hypercall.Port
	lent        bool // the port is not closed with the descriptor

	// What the poller was told of it, and what has happened since the poller last told.
	polled bool
	events uint32
	data   uint64
	edges  uint32
}

const (
	firstDescriptor = 3
	maxDescriptors  = 1024

	nonBlocking = 0x800   // O_NONBLOCK and EFD_NONBLOCK
	closeOnExec = 0x80000 // O_CLOEXEC and EFD_CLOEXEC
)

var descriptors [maxDescriptors]descriptor

// find is a descriptor by its number, or nil.
func find(fd uint64) *descriptor {
	if fd < firstDescriptor || fd-firstDescriptor >= maxDescriptors || descriptors[fd-firstDescriptor].kind == unused {
		return nil
	}
	return &descriptors[fd-firstDescriptor]
}

// open is a new descriptor, or nil if there are too many.
func open(k kind, flags uint64) (fd uint64, d *descriptor) {
	return openFrom(k, firstDescriptor, flags)
}

// openFrom is one whose number is not below another.
func openFrom(k kind, lowest, flags uint64) (fd uint64, d *descriptor) {
	for fd := max(lowest, firstDescriptor); fd < firstDescriptor+maxDescriptors; fd++ {
		if d := &descriptors[fd-firstDescriptor]; d.kind == unused {
			*d = descriptor{kind: k, nonblocking: flags&nonBlocking != 0, inherited: flags&closeOnExec == 0}
			return fd, d
		}
	}
	return failed(emfile), nil
}

// openAbove is a descriptor of an upper package's, with a number that is not below another, or is exactly that.
func openAbove(k kind, number uint64, exactly bool) uint64 {
	if exactly && (number < firstDescriptor || number >= firstDescriptor+maxDescriptors || find(number) != nil) {
		return failed(ebadf)
	}
	fd, _ := openFrom(k, number, nonBlocking)
	return fd
}

func closeDescriptor(fd uint64) uint64 {
	d := find(fd)
	if d == nil {
		if fd <= stderr {
			return 0
		}
		return failed(ebadf)
	}
	old := *d
	*d = descriptor{}
	switch old.kind {
	case channel:
		closeChannel(old.port, old.lent)
	}
	return 0
}

// add is a write to an event.
func (d *descriptor) add(from, size uint64) uint64 {
	const word = 8
	if size != word {
		return failed(einval)
	}
	d.count += *at[uint64](from)
	d.happened(pollIn)
	return word
}

// take is a read from an event.
func (d *descriptor) take(to, size uint64) uint64 {
	const word = 8
	switch {
	case size < word:
		return failed(einval)
	case d.count == 0:
		return failed(eagain)
	}
	*at[uint64](to), d.count = d.count, 0
	return word
}
