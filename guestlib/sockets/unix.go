package sockets

import (
	"bytes"
	"sync"
	"syscall"
)

// unix is a socket of the family AF_UNIX. Two of them that are connected hand each other what is sent, in memory; names
// are the table's, and have nothing to do with files.
type unix struct {
	table *Table
	d     *description
	kind  int

	// The lock is the table's names': one for all, because a call concerns two sockets.
	bound      []byte
	other      *unix // whom what is sent goes to; nil: nobody, or no more
	peerName   []byte
	connected  bool
	listening  bool
	backlog    int
	waiting    []*unix // connections that nobody has accepted
	queue      []packet
	queued     int  // bytes in queue
	shutRead   bool // nothing more can be received
	shutWrite  bool
	closed     bool
	remoteGone bool // the other end was closed
}

// packet is what one call has sent: a message, or a part of a stream.
type packet struct {
	data []byte
	from []byte
}

// queueSize is how many bytes wait in a socket before a sender has to.
const queueSize = 208 << 10

// unixNames is the names in use.
type unixNames struct {
	sync.Mutex
	sockets map[string]*unix
	next    int // for names that nobody chose
}

func (t *Table) newUnix(d *description, kind int) (socket, syscall.Errno) {
	switch kind {
	case syscall.SOCK_STREAM, syscall.SOCK_DGRAM, syscall.SOCK_SEQPACKET:
		return &unix{table: t, d: d, kind: kind}, 0
	}
	return nil, syscall.ESOCKTNOSUPPORT
}

// socketPair is socketpair.
func (t *Table) socketPair(family, kind, protocol int) (fds [2]int32, errno syscall.Errno) {
	if family != syscall.AF_UNIX || protocol != 0 {
		return fds, syscall.EOPNOTSUPP
	}
	var ends [2]*unix
	for i := range ends {
		d := &description{table: t}
		d.nonblocking.Store(kind&syscall.SOCK_NONBLOCK != 0)
		s, errno := t.newUnix(d, kind&^(syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC))
		if errno != 0 {
			return fds, errno
		}
		d.socket, ends[i] = s, s.(*unix)
	}
	join(ends[0], ends[1])
	for i, end := range ends {
		fd, errno := t.install(end.d)
		if errno != 0 {
			if i > 0 {
				t.closeDescriptor(int(fds[0]))
			}
			return fds, errno
		}
		fds[i] = int32(fd)
	}
	return fds, 0
}

// join connects two sockets.
func join(a, b *unix) {
	a.other, b.other = b, a
	a.connected, b.connected = true, true
	a.peerName, b.peerName = b.bound, a.bound
}

// pathOf is the name in a struct sockaddr_un: a path up to its first zero, or a zero and then anything.
func pathOf(name []byte) (path []byte, errno syscall.Errno) {
	if len(name) < familySize || familyOf(name) != syscall.AF_UNIX {
		return nil, syscall.EINVAL
	}
	path = name[familySize:]
	if len(path) > 0 && path[0] != 0 {
		path, _, _ = bytes.Cut(path, []byte{0})
	}
	return bytes.Clone(path), 0
}

// nameOfPath is the reverse.
func nameOfPath(path []byte) []byte {
	name := append(structure(uint16(syscall.AF_UNIX)), path...)
	if len(path) > 0 && path[0] != 0 {
		name = append(name, 0)
	}
	return name
}

// bind gives a name. Without one it makes one up, as Linux does.
func (s *unix) bind(name []byte) syscall.Errno {
	path, errno := pathOf(name)
	if errno != 0 {
		return errno
	}
	n := &s.table.names
	n.Lock()
	defer n.Unlock()
	if s.bound != nil {
		return syscall.EINVAL
	}
	for len(path) == 0 {
		n.next++
		const digits = "0123456789abcdef"
		made := []byte{0}
		for shift := 16; shift >= 0; shift -= 4 {
			made = append(made, digits[n.next>>shift&0xf])
		}
		if n.sockets[string(made)] == nil {
			path = made
		}
	}
	if n.sockets[string(path)] != nil {
		return syscall.EADDRINUSE
	}
	if n.sockets == nil {
		n.sockets = map[string]*unix{}
	}
	n.sockets[string(path)], s.bound = s, path
	return 0
}

func (s *unix) connect(name []byte) syscall.Errno {
	if familyOf(name) == syscall.AF_UNSPEC && s.kind == syscall.SOCK_DGRAM {
		return s.disconnect()
	}
	path, errno := pathOf(name)
	if errno != 0 {
		return errno
	}
	n := &s.table.names
	n.Lock()
	to := n.sockets[string(path)]
	var tell []*description
	switch {
	case s.connected && s.kind != syscall.SOCK_DGRAM:
		errno = syscall.EISCONN
	case to == nil && (len(path) == 0 || path[0] != 0):
		errno = syscall.ENOENT
	case to == nil:
		errno = syscall.ECONNREFUSED
	case to.kind != s.kind:
		errno = syscall.EPROTOTYPE
	case s.kind == syscall.SOCK_DGRAM:
		s.other, s.connected, s.peerName = to, true, to.bound
		tell = append(tell, s.d)
	case !to.listening:
		errno = syscall.ECONNREFUSED
	case len(to.waiting) > to.backlog:
		errno = syscall.EAGAIN
	default:
		end := &unix{table: s.table, kind: s.kind, bound: to.bound}
		join(s, end)
		to.waiting = append(to.waiting, end)
		tell = append(tell, s.d, to.d)
	}
	n.Unlock()
	for _, d := range tell {
		d.happened(epollIn | epollOut)
	}
	return errno
}

func (s *unix) disconnect() syscall.Errno {
	s.table.names.Lock()
	defer s.table.names.Unlock()
	s.other, s.connected, s.peerName = nil, false, nil
	return 0
}

func (s *unix) listen(backlog int) syscall.Errno {
	s.table.names.Lock()
	defer s.table.names.Unlock()
	if s.kind == syscall.SOCK_DGRAM {
		return syscall.EOPNOTSUPP
	}
	if s.bound == nil || s.connected {
		return syscall.EINVAL
	}
	s.listening, s.backlog = true, max(backlog, 0)
	return 0
}

func (s *unix) accept(d *description) (socket, []byte, syscall.Errno) {
	s.table.names.Lock()
	defer s.table.names.Unlock()
	switch {
	case s.kind == syscall.SOCK_DGRAM:
		return nil, nil, syscall.EOPNOTSUPP
	case !s.listening || s.shutRead:
		return nil, nil, syscall.EINVAL
	case len(s.waiting) == 0:
		return nil, nil, syscall.EAGAIN
	}
	end := s.waiting[0]
	s.waiting = s.waiting[1:]
	end.d = d
	return end, nameOfPath(end.peerName), 0
}

func (s *unix) name() ([]byte, syscall.Errno) {
	s.table.names.Lock()
	defer s.table.names.Unlock()
	return nameOfPath(s.bound), 0
}

func (s *unix) peer() ([]byte, syscall.Errno) {
	s.table.names.Lock()
	defer s.table.names.Unlock()
	if !s.connected {
		return nil, syscall.ENOTCONN
	}
	return nameOfPath(s.peerName), 0
}

func (s *unix) shutdown(how int) syscall.Errno {
	const read, write, both = 0, 1, 2
	if how < read || how > both {
		return syscall.EINVAL
	}
	n := &s.table.names
	n.Lock()
	if !s.connected && !s.listening {
		n.Unlock()
		return syscall.ENOTCONN
	}
	s.shutRead = s.shutRead || how != write
	s.shutWrite = s.shutWrite || how != read
	other := s.other
	n.Unlock()
	s.d.happened(s.ready())
	if other != nil {
		other.happened()
	}
	return 0
}

// happened tells a socket's description that much may be different, if it has one: an end that nobody has accepted has not.
func (s *unix) happened() {
	s.table.names.Lock()
	d := s.d
	s.table.names.Unlock()
	if d != nil {
		d.happened(s.ready())
	}
}

func (s *unix) close() {
	n := &s.table.names
	n.Lock()
	if n.sockets[string(s.bound)] == s {
		delete(n.sockets, string(s.bound))
	}
	s.closed = true
	waiting := s.waiting
	s.waiting = nil
	other := s.other
	s.other = nil
	if other != nil && other.other == s {
		other.other, other.remoteGone = nil, true
	} else {
		other = nil
	}
	n.Unlock()
	if other != nil {
		other.happened()
	}
	for _, end := range waiting {
		end.close()
	}
}
