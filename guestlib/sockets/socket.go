package sockets

import "syscall"

// A socket is one kind's answer to the calls. Names are struct sockaddr of its family. What can't be done at once
// fails with EAGAIN, and the socket's description is told when it is worth another try.
type socket interface {
	bind(name []byte) syscall.Errno
	connect(name []byte) syscall.Errno
	listen(backlog int) syscall.Errno
	accept(*description) (s socket, peer []byte, errno syscall.Errno)
	name() ([]byte, syscall.Errno)
	peer() ([]byte, syscall.Errno)
	send(m *message) (int, syscall.Errno)
	receive(m *message) (int, syscall.Errno)
	shutdown(how int) syscall.Errno
	setOption(level, name int, value []byte) syscall.Errno
	option(level, name int) ([]byte, syscall.Errno)
	ready() (events uint32)
	close()
}

// A message is what is sent or received in one call.
type message struct {
	data    [][]byte // what is left of it, or of the room for it
	flags   int      // MSG_* of the call; after receive, of the message
	name    []byte   // where to, or where from
	control []byte   // ancillary data
}

// size is that of the data, or of the room for it.
func (m *message) size() (n int) {
	for _, part := range m.data {
		n += len(part)
	}
	return n
}

// Read is that of io.Reader, of what is to be sent.
func (m *message) Read(to []byte) (n int, err error) {
	for len(m.data) > 0 && n < len(to) {
		part := copy(to[n:], m.data[0])
		n += part
		if m.data[0] = m.data[0][part:]; len(m.data[0]) == 0 {
			m.data = m.data[1:]
		}
	}
	return n, nil
}

// Len is how much Read has left.
func (m *message) Len() int { return m.size() }

// Write is that of io.Writer, of what was received.
func (m *message) Write(from []byte) (n int, err error) {
	for len(m.data) > 0 && n < len(from) {
		part := copy(m.data[0], from[n:])
		n += part
		if m.data[0] = m.data[0][part:]; len(m.data[0]) == 0 {
			m.data = m.data[1:]
		}
	}
	if n < len(from) {
		err = errShort
	}
	return n, err
}

// unsupported is a socket that does nothing, for kinds that do little.
type unsupported struct{}

func (unsupported) bind([]byte) syscall.Errno    { return syscall.EOPNOTSUPP }
func (unsupported) connect([]byte) syscall.Errno { return syscall.EOPNOTSUPP }
func (unsupported) listen(int) syscall.Errno     { return syscall.EOPNOTSUPP }
func (unsupported) accept(*description) (socket, []byte, syscall.Errno) {
	return nil, nil, syscall.EOPNOTSUPP
}
func (unsupported) name() ([]byte, syscall.Errno)            { return nil, syscall.EOPNOTSUPP }
func (unsupported) peer() ([]byte, syscall.Errno)            { return nil, syscall.ENOTCONN }
func (unsupported) send(*message) (int, syscall.Errno)       { return 0, syscall.EOPNOTSUPP }
func (unsupported) receive(*message) (int, syscall.Errno)    { return 0, syscall.EOPNOTSUPP }
func (unsupported) shutdown(int) syscall.Errno               { return syscall.EOPNOTSUPP }
func (unsupported) setOption(int, int, []byte) syscall.Errno { return syscall.ENOPROTOOPT }
func (unsupported) option(int, int) ([]byte, syscall.Errno)  { return nil, syscall.ENOPROTOOPT }
func (unsupported) ready() uint32                            { return 0 }
func (unsupported) close()                                   {}
