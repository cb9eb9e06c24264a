package sockets

import (
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// epoll's bits.
const epollIn, epollOut, epollErr, epollHangUp, epollReadHangUp = 0x1, 0x4, 0x8, 0x10, 0x2000

// Descriptors is where descriptors' numbers come from, and where the runtime's poller waits.
type Descriptors interface {
	Open() (fd int, errno syscall.Errno)
	Close(fd int)
	// Happened tells what a descriptor has become ready for, in epoll's bits.
	Happened(fd int, events uint32)
}

// A Table is the sockets of a program.
type Table struct {
	numbers Descriptors
	paths   Paths
	start   sync.Once
	stack   *stack.Stack // see network
	names   unixNames

	mu   sync.RWMutex
	open map[int]*description
}

// New makes a table without sockets.
func New(numbers Descriptors, paths Paths) *Table {
	return &Table{numbers: numbers, paths: paths, open: map[int]*description{}}
}

// A description is what descriptors stand for: Linux' open file description.
type description struct {
	table       *Table
	socket      socket
	nonblocking atomic.Bool

	mu      sync.Mutex
	fds     []int
	changed chan struct{} // closed at the next change; nil while nobody waits
}

// find is what a descriptor stands for, or nil if it is not of this table.
func (t *Table) find(fd int) *description {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.open[fd]
}

// install gives a socket its first descriptor. A socket that gets none is closed.
func (t *Table) install(d *description) (fd int, errno syscall.Errno) {
	if fd, errno = t.add(d); errno != 0 {
		d.socket.close()
	}
	return fd, errno
}

// add gives a description one more descriptor.
func (t *Table) add(d *description) (fd int, errno syscall.Errno) {
	if fd, errno = t.numbers.Open(); errno != 0 {
		return 0, errno
	}
	t.mu.Lock()
	t.open[fd] = d
	t.mu.Unlock()
	d.mu.Lock()
	d.fds = append(d.fds, fd)
	d.mu.Unlock()
	d.happened(d.socket.ready())
	return fd, 0
}

// closeDescriptor closes a descriptor, and with the last one the socket.
func (t *Table) closeDescriptor(fd int) syscall.Errno {
	t.mu.Lock()
	d := t.open[fd]
	delete(t.open, fd)
	t.mu.Unlock()
	if d == nil {
		return syscall.EBADF
	}
	d.mu.Lock()
	d.fds = slices.DeleteFunc(d.fds, func(n int) bool { return n == fd })
	last := len(d.fds) == 0
	d.mu.Unlock()
	t.numbers.Close(fd)
	if last {
		d.socket.close()
	}
	return 0
}

// happened passes on that a socket has become ready for something.
func (d *description) happened(events uint32) {
	if events&epollErr != 0 {
		// What was waited for has come to an end as well. Go's poller takes an error alone for a descriptor that
		// can't be waited for.
		events |= epollIn | epollOut
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, fd := range d.fds {
		d.table.numbers.Happened(fd, events)
	}
	if d.changed != nil {
		close(d.changed)
		d.changed = nil
	}
}

// wait tries something until it does not answer EAGAIN, unless the descriptor is one that does not wait.
func (d *description) wait(dontWait bool, try func() syscall.Errno) syscall.Errno {
	for {
		if dontWait || d.nonblocking.Load() {
			return try()
		}
		d.mu.Lock()
		if d.changed == nil {
			d.changed = make(chan struct{})
		}
		changed := d.changed
		d.mu.Unlock()
		if errno := try(); errno != syscall.EAGAIN {
			return errno
		}
		<-changed
	}
}
