package sockets

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnixStream(t *testing.T) {
	for _, path := range []string{"/tmp/a socket", "\x00abstract"} {
		p := newProgram(t)
		name := nameOfPath([]byte(path))
		listener := p.socket(syscall.AF_UNIX, syscall.SOCK_STREAM)
		require.Zero(t, p.bind(listener, name))
		other := p.socket(syscall.AF_UNIX, syscall.SOCK_STREAM)
		require.Equal(t, syscall.EADDRINUSE, p.bind(other, name))
		require.Equal(t, syscall.ECONNREFUSED, p.connect(other, name), "nobody listens")
		p.listen(listener)
		require.Zero(t, p.connect(other, name))
		server := p.accept(listener)
		peer, errno := p.name(syscall.SYS_GETPEERNAME, other)
		require.Zero(t, errno)
		require.Equal(t, name, peer)
		require.Equal(t, name, p.local(server))

		p.write(other, "hello")
		require.Equal(t, "hello", p.read(server, 5))
		long := strings.Repeat("0123456789abcdef", 1<<16)
		go p.write(server, long)
		require.Equal(t, long, p.read(other, len(long)))
		p.do(syscall.SYS_SHUTDOWN, uintptr(other), 1)
		require.Equal(t, "", p.read(server, 1))
		p.write(server, "last words")
		p.close(server)
		require.Equal(t, "last words", p.read(other, 100))
		b := []byte("x")
		address, size := heap(b)
		_, errno = p.call(syscall.SYS_WRITE, uintptr(other), address, size)
		require.Equal(t, syscall.EPIPE, errno)
		p.close(listener)
		require.Empty(t, p.table.names.sockets)
		// A path stays, and has to be removed; other names are free.
		want := syscall.Errno(0)
		if path[0] != 0 {
			want = syscall.EADDRINUSE
		}
		require.Equal(t, want, p.bind(p.socket(syscall.AF_UNIX, syscall.SOCK_STREAM), name))
	}
}

// What was connected and never accepted ends with the listener.
func TestUnixNotAccepted(t *testing.T) {
	p := newProgram(t)
	listener, client := p.socket(syscall.AF_UNIX, syscall.SOCK_STREAM), p.socket(syscall.AF_UNIX, syscall.SOCK_STREAM)
	require.Zero(t, p.bind(listener, nameOfPath([]byte("a"))))
	p.listen(listener)
	require.Zero(t, p.connect(client, nameOfPath([]byte("a"))))
	p.close(listener)
	p.wait(client, epollHangUp)
	require.Equal(t, "", p.read(client, 1))
	require.Equal(t, syscall.EISCONN, p.connect(client, nameOfPath([]byte("a"))))
}

func TestUnixDatagrams(t *testing.T) {
	p := newProgram(t)
	server, client := p.socket(syscall.AF_UNIX, syscall.SOCK_DGRAM), p.socket(syscall.AF_UNIX, syscall.SOCK_DGRAM)
	require.Equal(t, syscall.ENOENT, p.connect(client, nameOfPath([]byte("server"))))
	require.Zero(t, p.bind(server, nameOfPath([]byte("server"))))
	require.Zero(t, p.bind(client, nameOfPath(nil)), "a name that nobody else has")
	require.Zero(t, p.connect(client, nameOfPath([]byte("server"))))
	p.write(client, "one")
	p.write(client, "another")
	from, size := make([]byte, 110), int32(110)
	fromAddress, _ := heap(from)
	b := make([]byte, 100)
	address, room := heap(b)
	n := p.do(syscall.SYS_RECVFROM, uintptr(server), address, room, 0, fromAddress, number32(&size))
	require.Equal(t, "one", string(b[:n]))
	require.Equal(t, p.local(client), from[:size])
	n = p.do(syscall.SYS_READ, uintptr(server), address, room)
	require.Equal(t, "another", string(b[:n]))
	// A full queue has room again when it is read.
	message := make([]byte, queueSize/2)
	big, bigSize := heap(message)
	for range 2 {
		p.do(syscall.SYS_WRITE, uintptr(client), big, bigSize)
	}
	_, errno := p.call(syscall.SYS_WRITE, uintptr(client), big, bigSize)
	require.Equal(t, syscall.EAGAIN, errno)
	p.close(server)
	_, errno = p.call(syscall.SYS_WRITE, uintptr(client), address, 1)
	require.Equal(t, syscall.ECONNREFUSED, errno)
}

// Who finds no room with a receiver that is connected to nobody is told when there is some, and when there never will be.
func TestUnixDatagramsWait(t *testing.T) {
	p := newProgram(t)
	server, name := p.socket(syscall.AF_UNIX, syscall.SOCK_DGRAM), nameOfPath([]byte("server"))
	require.Zero(t, p.bind(server, name))
	message := make([]byte, queueSize)
	big, bigSize := heap(message)
	var clients [2]int
	for i := range clients {
		clients[i] = p.socket(syscall.AF_UNIX, syscall.SOCK_DGRAM)
		require.Zero(t, p.connect(clients[i], name))
	}
	p.do(syscall.SYS_WRITE, uintptr(clients[0]), big, bigSize)
	full := func() {
		for _, c := range clients {
			_, errno := p.call(syscall.SYS_WRITE, uintptr(c), big, bigSize)
			require.Equal(t, syscall.EAGAIN, errno)
			p.poller.mu.Lock()
			p.poller.open[c] = 0
			p.poller.mu.Unlock()
		}
	}
	full()
	p.read(server, 1) // the rest of the message is lost
	for _, c := range clients {
		p.wait(c, epollOut)
	}
	p.do(syscall.SYS_WRITE, uintptr(clients[1]), big, bigSize)
	full()
	p.close(server)
	for _, c := range clients {
		p.wait(c, epollOut)
		_, errno := p.call(syscall.SYS_WRITE, uintptr(c), big, bigSize)
		require.Equal(t, syscall.ECONNREFUSED, errno)
	}
}

func TestUnixPair(t *testing.T) {
	p := newProgram(t)
	fds := new([2]int32)
	p.do(syscall.SYS_SOCKETPAIR, syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK, 0, number32(&fds[0]))
	p.write(int(fds[0]), "over there")
	require.Equal(t, "over there", p.read(int(fds[1]), 10))
	p.close(int(fds[0]))
	require.Equal(t, "", p.read(int(fds[1]), 1))
}

// What is received into memory on a stack, which is copied, comes there from its beginning on.
func TestReceiveOnStack(t *testing.T) {
	p := newProgram(t)
	fds := new([2]int32)
	p.do(syscall.SYS_SOCKETPAIR, syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK, 0, number32(&fds[0]))
	p.write(int(fds[0]), "over there")
	first, second := []byte("......"), []byte("........")
	parts := []syscall.Iovec{{Base: &first[0], Len: uint64(len(first))}, {Base: &second[0], Len: uint64(len(second))}}
	n, errno := p.table.find(int(fds[1])).receive(parts, true, &message{})
	require.Zero(t, errno)
	require.Equal(t, len("over there"), n)
	require.Equal(t, "over there....", string(first)+string(second))
}
