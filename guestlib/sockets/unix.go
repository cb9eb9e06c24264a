package sockets

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"
	"syscall"
)

// unix is a socket of the family AF_UNIX. Two of them that are connected hand each other what is sent, in memory. A name is a
// path, where the file system then has a socket, or, with a zero in front, the table's alone.
type unix struct {
	table *Table
	d     *description
	kind  int

	// The lock is the table's names': one for all, because a call concerns two sockets.
	bound      []byte
	key        string // its place among the names
	other      *unix  // whom what is sent goes to; nil: nobody, or no more
	peerName   []byte
	connected  bool
	listening  bool
	backlog    int
	waiting    []*unix // connections that nobody has accepted
	queue      []packet
	queued     int     // bytes in queue
	senders    []*unix // who found no room in queue, and is told when there is some, or never will be
	shutRead   bool    // nothing more can be received
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

// Paths is the file system, where sockets of AF_UNIX have names.
type Paths interface {
	Make(path string) (id uint64, errno syscall.Errno) // makes a socket
	Find(path string) (id uint64, errno syscall.Errno) // ECONNREFUSED: it is no socket
}

// unixNames is the names in use. One that is a path's stands there as the file system's number of it.
type unixNames struct {
	sync.Mutex
	sockets map[string]*unix
	next    int // for names that nobody chose
}

// key is a name's place among the names.
func (t *Table) key(path []byte, find func(string) (uint64, syscall.Errno)) (string, syscall.Errno) {
	if len(path) == 0 || path[0] == 0 {
		return string(path), 0
	}
	id, errno := find(string(path))
	return "/" + strconv.FormatUint(id, 10), errno
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
	if len(path) == 0 {
		path = n.unused()
	}
	key, errno := s.table.key(path, s.table.paths.Make)
	switch {
	case errno == syscall.EEXIST, errno == 0 && path[0] == 0 && n.sockets[key] != nil:
		return syscall.EADDRINUSE
	case errno != 0:
		return errno
	}
	if n.sockets == nil {
		n.sockets = map[string]*unix{}
	}
	n.sockets[key] = s // who had it before has lost the file
	s.bound, s.key = path, key
	return 0
}

// unused is a name that nobody has.
func (n *unixNames) unused() []byte {
	for {
		n.next++
		name := fmt.Appendf(nil, "\x00%05x", n.next&0xfffff)
		if n.sockets[string(name)] == nil {
			return name
		}
	}
}

// lookup is who has a name. The names are locked.
func (t *Table) lookup(path []byte) (*unix, syscall.Errno) {
	key, errno := t.key(path, t.paths.Find)
	if errno != 0 {
		return nil, errno
	}
	to := t.names.sockets[key]
	if to == nil {
		return nil, syscall.ECONNREFUSED
	}
	return to, 0
}

func (s *unix) connect(name []byte) syscall.Errno {
	if familyOf(name) == syscall.AF_UNSPEC && s.kind == syscall.SOCK_DGRAM {
		return s.disconnect()
	}
	path, errno := pathOf(name)
	if errno != 0 {
		return errno
	}
	tell, errno := s.connectTo(path)
	for _, d := range tell {
		d.happened(epollIn | epollOut)
	}
	return errno
}

// connectTo connects, and returns whom to tell.
func (s *unix) connectTo(path []byte) (tell []*description, errno syscall.Errno) {
	s.table.names.Lock()
	defer s.table.names.Unlock()
	if s.connected && s.kind != syscall.SOCK_DGRAM {
		return nil, syscall.EISCONN
	}
	to, errno := s.table.lookup(path)
	switch {
	case errno != 0:
		return nil, errno
	case to.kind != s.kind:
		return nil, syscall.EPROTOTYPE
	case s.kind == syscall.SOCK_DGRAM:
		s.other, s.connected, s.peerName = to, true, to.bound
		return []*description{s.d}, 0
	case !to.listening || to.shutRead:
		return nil, syscall.ECONNREFUSED
	case len(to.waiting) > to.backlog:
		return nil, syscall.EAGAIN
	}
	end := &unix{table: s.table, kind: s.kind, bound: to.bound}
	join(s, end)
	to.waiting = append(to.waiting, end)
	return []*description{s.d, to.d}, 0
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
	other, senders := s.other, s.senders
	s.senders = nil
	n.Unlock()
	s.d.happened(s.ready())
	if other != nil {
		other.happened()
	}
	for _, sender := range senders {
		sender.happened()
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
	if n.sockets[s.key] == s {
		delete(n.sockets, s.key)
	}
	s.closed = true
	waiting, senders := s.waiting, s.senders
	s.waiting, s.senders = nil, nil
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
	for _, sender := range senders {
		sender.happened()
	}
	for _, end := range waiting {
		end.close()
	}
}
