package sockets

import (
	"slices"
	"syscall"
)

// send hands on what is sent: of a stream as much as there is room for, of messages all or nothing.
func (s *unix) send(m *message) (int, syscall.Errno) {
	if len(m.control) > 0 {
		return 0, syscall.EOPNOTSUPP // descriptors and credentials of other processes, which there aren't
	}
	n := &s.table.names
	n.Lock()
	to, errno := s.receiver(m.name)
	size := m.size()
	if errno == 0 {
		size, errno = s.room(to, size)
	}
	if errno == syscall.EAGAIN && !slices.Contains(to.senders, s) {
		to.senders = append(to.senders, s)
	}
	if errno != 0 {
		n.Unlock()
		return 0, errno
	}
	p := packet{data: make([]byte, size), from: s.bound}
	m.Read(p.data)
	if s.kind != syscall.SOCK_STREAM || size > 0 {
		to.queue = append(to.queue, p)
		to.queued += size
	}
	d := to.d
	n.Unlock()
	if d != nil {
		d.happened(epollIn)
	}
	return size, 0
}

// receiver is whom something goes to. The names are locked.
func (s *unix) receiver(name []byte) (*unix, syscall.Errno) {
	switch {
	case s.shutWrite:
		return nil, syscall.EPIPE
	case len(name) > 0 && s.kind == syscall.SOCK_DGRAM:
		path, errno := pathOf(name)
		if errno != 0 {
			return nil, errno
		}
		to, errno := s.table.lookup(path)
		if errno == 0 && to.kind != s.kind {
			return nil, syscall.EPROTOTYPE
		}
		return to, errno
	case !s.connected:
		return nil, syscall.ENOTCONN
	case s.other == nil || s.other.closed || s.other.shutRead:
		if s.kind == syscall.SOCK_DGRAM {
			return nil, syscall.ECONNREFUSED
		}
		return nil, syscall.EPIPE
	}
	return s.other, 0
}

// room is how much of what is to be sent there is room for. The names are locked.
func (s *unix) room(to *unix, size int) (int, syscall.Errno) {
	free := queueSize - to.queued
	switch {
	case s.kind != syscall.SOCK_STREAM && size > queueSize:
		return 0, syscall.EMSGSIZE
	case s.kind != syscall.SOCK_STREAM && size > free:
		return 0, syscall.EAGAIN
	case s.kind == syscall.SOCK_STREAM && size > 0 && free <= 0:
		return 0, syscall.EAGAIN
	}
	return min(size, max(free, 0)), 0
}

func (s *unix) receive(m *message) (total int, errno syscall.Errno) {
	if s.kind == syscall.SOCK_STREAM && m.size() == 0 {
		return 0, 0
	}
	n := &s.table.names
	n.Lock()
	peek, before := m.flags&syscall.MSG_PEEK != 0, s.queued
	switch {
	case len(s.queue) > 0 && s.kind == syscall.SOCK_STREAM:
		total = s.take(m, peek)
	case len(s.queue) > 0:
		total = s.takeMessage(m, peek)
	case s.listening, s.kind != syscall.SOCK_DGRAM && !s.connected:
		errno = syscall.EINVAL
	case s.shutRead, s.kind != syscall.SOCK_DGRAM && (s.remoteGone || s.other != nil && s.other.shutWrite):
		m.flags = 0
	default:
		errno = syscall.EAGAIN
	}
	var senders []*unix
	if s.queued < before { // there is room again
		senders, s.senders = s.senders, nil
		if s.other != nil && !slices.Contains(senders, s.other) {
			senders = append(senders, s.other)
		}
	}
	n.Unlock()
	for _, sender := range senders {
		sender.happened()
	}
	return total, errno
}

// take reads from a stream: as much as there is, and as fits.
func (s *unix) take(m *message, peek bool) (total int) {
	m.flags = 0
	queue := s.queue
	for len(queue) > 0 && m.size() > 0 {
		k, _ := m.Write(queue[0].data)
		total += k
		if k < len(queue[0].data) {
			if !peek {
				queue[0].data = queue[0].data[k:]
			}
			break
		}
		queue = queue[1:]
	}
	if !peek {
		s.queue = queue
		s.queued -= total
	}
	return total
}

// takeMessage reads a message, whose rest is lost if it does not fit.
func (s *unix) takeMessage(m *message, peek bool) int {
	p := s.queue[0]
	whole := m.flags&syscall.MSG_TRUNC != 0
	m.flags = 0
	if p.from != nil {
		m.name = nameOfPath(p.from)
	}
	total, err := m.Write(p.data)
	if err != nil {
		m.flags = syscall.MSG_TRUNC
		if whole {
			total = len(p.data)
		}
	}
	if !peek {
		s.queue = s.queue[1:]
		s.queued -= len(p.data)
	}
	return total
}

func (s *unix) ready() (bits uint32) {
	s.table.names.Lock()
	defer s.table.names.Unlock()
	over := s.remoteGone || s.other != nil && s.other.shutWrite
	if len(s.queue) > 0 || len(s.waiting) > 0 || s.shutRead || over && s.kind != syscall.SOCK_DGRAM {
		bits |= epollIn
	}
	if s.kind != syscall.SOCK_DGRAM && (over || s.shutRead) {
		bits |= epollReadHangUp
	}
	if s.kind != syscall.SOCK_DGRAM && (s.remoteGone || s.shutRead && s.shutWrite) {
		bits |= epollHangUp
	}
	if s.shutWrite || s.other == nil || s.other.closed || s.other.shutRead || s.other.queued < queueSize {
		bits |= epollOut
	}
	return bits
}

func (s *unix) setOption(level, name int, _ []byte) syscall.Errno {
	if level != syscall.SOL_SOCKET {
		return syscall.EOPNOTSUPP
	}
	switch name {
	case syscall.SO_SNDBUF, syscall.SO_RCVBUF, syscall.SO_REUSEADDR, syscall.SO_BROADCAST:
		return 0 // they change nothing here
	}
	return syscall.ENOPROTOOPT
}

func (s *unix) option(level, name int) ([]byte, syscall.Errno) {
	v := 0
	switch {
	case level != syscall.SOL_SOCKET:
		return nil, syscall.EOPNOTSUPP
	case name == syscall.SO_TYPE:
		v = s.kind
	case name == optionDomain:
		v = syscall.AF_UNIX
	case name == syscall.SO_SNDBUF, name == syscall.SO_RCVBUF:
		v = queueSize
	case name == syscall.SO_ACCEPTCONN:
		s.table.names.Lock()
		defer s.table.names.Unlock()
		if s.listening {
			v = 1
		}
	case name != syscall.SO_ERROR && name != optionProtocol:
		return nil, syscall.ENOPROTOOPT
	}
	return structure(int32(v)), 0
}
