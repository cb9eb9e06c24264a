package sockets

import (
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/calls"
)

// poller stands for the descriptors and the runtime's poller of a guest.
type poller struct {
	mu      sync.Mutex
	last    int
	open    map[int]uint32 // what has happened to each
	changed *sync.Cond
	closed  int
}

func (p *poller) Open() (int, syscall.Errno) {
	p.mu.Lock()
	defer p.mu.Unlock()
	const most = 100
	if len(p.open) == most {
		return 0, syscall.EMFILE
	}
	p.last++
	p.open[p.last] = 0
	return p.last, 0
}

func (p *poller) Close(fd int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, fd)
	p.closed++
}

func (p *poller) Happened(fd int, events uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[fd] |= events
	p.changed.Broadcast()
}

// program makes system calls.
type program struct {
	*testing.T
	table  *Table
	poller *poller
}

func newProgram(t *testing.T) *program {
	p := &poller{open: map[int]uint32{}, last: 2}
	p.changed = sync.NewCond(&p.mu)
	return &program{T: t, table: New(p, paths{}), poller: p}
}

// paths stands for a file system.
type paths map[string]uint64

func (p paths) Make(path string) (uint64, syscall.Errno) {
	if _, there := p[path]; there {
		return 0, syscall.EEXIST
	}
	p[path] = uint64(len(p)) + 1
	return p[path], 0
}

func (p paths) Find(path string) (uint64, syscall.Errno) {
	id, there := p[path]
	if !there {
		return 0, syscall.ENOENT
	}
	return id, 0
}

// call is a system call.
func (p *program) call(number int, args ...uintptr) (int, syscall.Errno) {
	p.Helper()
	var a [6]uintptr
	copy(a[:], args)
	n, errno, answered := p.table.Call(calls.Call{Number: uintptr(number), Args: a})
	require.True(p, answered, "call %d", number)
	return int(n), errno
}

// do is a call that has to succeed.
func (p *program) do(number int, args ...uintptr) int {
	p.Helper()
	n, errno := p.call(number, args...)
	require.Zero(p, errno, "call %d: %v", number, errno)
	return n
}

// wait waits until some of these events have happened to a descriptor, and forgets them.
func (p *program) wait(fd int, events uint32) {
	p.Helper()
	p.poller.mu.Lock()
	defer p.poller.mu.Unlock()
	late := false
	timer := time.AfterFunc(time.Minute, func() {
		p.poller.mu.Lock()
		late = true
		p.poller.mu.Unlock()
		p.poller.changed.Broadcast()
	})
	defer timer.Stop()
	for p.poller.open[fd]&events == 0 && !late {
		p.poller.changed.Wait()
	}
	require.False(p, late, "descriptor %d: waited for %#x", fd, events)
	p.poller.open[fd] &^= events
}

// retry makes a call until it does not answer EAGAIN, as the runtime does with the poller's help.
func (p *program) retry(events uint32, number int, args ...uintptr) (int, syscall.Errno) {
	p.Helper()
	for {
		n, errno := p.call(number, args...)
		if errno != syscall.EAGAIN {
			return n, errno
		}
		p.wait(int(args[0]), events)
	}
}

// escaped has what calls point to on the heap, where it stays when a goroutine's stack moves. In a guest the compiler sees to
// that.
var escaped atomic.Pointer[byte]

// heap is memory for a call.
func heap(b []byte) (address, size uintptr) {
	if len(b) == 0 {
		return 0, 0
	}
	escaped.Store(&b[0])
	return uintptr(unsafe.Pointer(&b[0])), uintptr(len(b))
}

func (p *program) socket(family, kind int) int {
	p.Helper()
	return p.do(syscall.SYS_SOCKET, uintptr(family), uintptr(kind|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC), 0)
}

func (p *program) named(number, fd int, name []byte) syscall.Errno {
	p.Helper()
	address, size := heap(name)
	_, errno := p.call(number, uintptr(fd), address, size)
	return errno
}

func (p *program) bind(fd int, name []byte) syscall.Errno {
	p.Helper()
	return p.named(syscall.SYS_BIND, fd, name)
}

func (p *program) connect(fd int, name []byte) syscall.Errno {
	p.Helper()
	return p.named(syscall.SYS_CONNECT, fd, name)
}

func (p *program) listen(fd int) {
	p.Helper()
	p.do(syscall.SYS_LISTEN, uintptr(fd), 16)
}

// number32 is a number's address.
func number32(v *int32) uintptr {
	escaped.Store((*byte)(unsafe.Pointer(v)))
	return uintptr(unsafe.Pointer(v))
}

// name is getsockname or getpeername.
func (p *program) name(number, fd int) ([]byte, syscall.Errno) {
	p.Helper()
	name, size := make([]byte, 128), int32(128)
	address, _ := heap(name)
	_, errno := p.call(number, uintptr(fd), address, number32(&size))
	return name[:size], errno
}

// local is a descriptor's own name.
func (p *program) local(fd int) []byte {
	p.Helper()
	name, errno := p.name(syscall.SYS_GETSOCKNAME, fd)
	require.Zero(p, errno)
	return name
}

func (p *program) accept(fd int) int {
	p.Helper()
	n, errno := p.retry(epollIn, syscall.SYS_ACCEPT4, uintptr(fd), 0, 0, syscall.SOCK_NONBLOCK)
	require.Zero(p, errno)
	return n
}

func (p *program) write(fd int, text string) {
	p.Helper()
	b := []byte(text)
	for len(b) > 0 {
		address, size := heap(b)
		n, errno := p.retry(epollOut, syscall.SYS_WRITE, uintptr(fd), address, size)
		require.Zero(p, errno, "%v", errno)
		b = b[n:]
	}
}

// read reads so many bytes, or to the end.
func (p *program) read(fd, size int) string {
	p.Helper()
	b := make([]byte, size)
	for got := 0; ; {
		address, left := heap(b[got:])
		if left == 0 {
			return string(b)
		}
		n, errno := p.retry(epollIn, syscall.SYS_READ, uintptr(fd), address, left)
		require.Zero(p, errno, "%v", errno)
		if n == 0 {
			return string(b[:got])
		}
		got += n
	}
}

func (p *program) setOption(fd, level, name, value int) syscall.Errno {
	p.Helper()
	v := int32(value)
	_, errno := p.call(syscall.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), uintptr(name), number32(&v), 4)
	return errno
}

func (p *program) option(fd, level, name int) (int, syscall.Errno) {
	p.Helper()
	v, size := int32(0), int32(4)
	_, errno := p.call(syscall.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(name), number32(&v), number32(&size))
	return int(v), errno
}

func (p *program) close(fd int) {
	p.Helper()
	p.do(syscall.SYS_CLOSE, uintptr(fd))
}

// name4 is a name of IPv4.
func name4(a, b, c, d byte, p uint16) []byte {
	return structure(syscall.RawSockaddrInet4{Family: syscall.AF_INET, Port: port(p), Addr: [4]byte{a, b, c, d}})
}

// name6 is a name of IPv6: ::1, or with mapped 127.0.0.1.
func name6(p uint16, mapped bool) []byte {
	v := syscall.RawSockaddrInet6{Family: syscall.AF_INET6, Port: port(p), Addr: [16]byte{15: 1}}
	if mapped {
		v.Addr = [16]byte{10: 0xff, 11: 0xff, 12: 127, 15: 1}
	}
	return structure(v)
}

// portOf is the port in a name of either.
func portOf(name []byte) uint16 { return uint16(name[2])<<8 | uint16(name[3]) }
