package sockets

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/calls"
)

// family is what tests are run with: a family and its loopback's name.
type family struct {
	name   string
	family int
	any    []byte
}

var families = []family{
	{"IPv4", syscall.AF_INET, name4(127, 0, 0, 1, 0)},
	{"IPv4, another address of the loopback", syscall.AF_INET, name4(127, 1, 2, 3, 0)},
	{"IPv6", syscall.AF_INET6, name6(0, false)},
	{"IPv4 by a socket of IPv6", syscall.AF_INET6, name6(0, true)},
}

// connected is both ends of a new TCP connection, and the listener.
func (p *program) connected(f family) (client, server, listener int) {
	p.Helper()
	listener = p.socket(f.family, syscall.SOCK_STREAM)
	require.Zero(p, p.bind(listener, f.any))
	p.listen(listener)
	client = p.socket(f.family, syscall.SOCK_STREAM)
	require.Equal(p, syscall.EINPROGRESS, p.connect(client, p.local(listener)))
	server = p.accept(listener)
	p.wait(client, epollOut)
	value, errno := p.option(client, syscall.SOL_SOCKET, syscall.SO_ERROR)
	require.Zero(p, errno)
	require.Zero(p, value)
	return client, server, listener
}

func forFamilies(t *testing.T, test func(*program, family)) {
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			test(newProgram(t), f)
		})
	}
}

func TestTCP(t *testing.T) {
	forFamilies(t, func(p *program, f family) {
		client, server, listener := p.connected(f)
		require.NotZero(p, portOf(p.local(listener)), "port 0 is any that is free")
		peer, errno := p.name(syscall.SYS_GETPEERNAME, client)
		require.Zero(p, errno)
		require.Equal(p, p.local(listener), peer)
		require.Equal(p, p.local(listener), p.local(server))
		peer, errno = p.name(syscall.SYS_GETPEERNAME, server)
		require.Zero(p, errno)
		require.Equal(p, p.local(client), peer)

		p.write(client, "hello")
		require.Equal(p, "hello", p.read(server, 5))
		// More than the buffers hold, so that the writer has to wait.
		long := strings.Repeat("0123456789abcdef", 1<<18)
		go p.write(server, long)
		require.Equal(p, long, p.read(client, len(long)))

		// One end has said all, and still listens.
		p.do(syscall.SYS_SHUTDOWN, uintptr(client), 1)
		require.Equal(p, "", p.read(server, 1))
		b := []byte("x")
		address, size := heap(b)
		_, errno = p.call(syscall.SYS_WRITE, uintptr(client), address, size)
		require.Equal(p, syscall.EPIPE, errno)
		p.write(server, "good bye")
		require.Equal(p, "good bye", p.read(client, 8))
		p.close(server)
		require.Equal(p, "", p.read(client, 1))
		p.close(client)
		p.close(listener)
		require.Empty(p, p.poller.open)
		require.Empty(p, p.table.open)
	})
}

func TestConnectionRefused(t *testing.T) {
	forFamilies(t, func(p *program, f family) {
		free := p.socket(f.family, syscall.SOCK_STREAM)
		require.Zero(p, p.bind(free, f.any))
		nobody := p.local(free)
		p.close(free)
		client := p.socket(f.family, syscall.SOCK_STREAM)
		require.Equal(p, syscall.EINPROGRESS, p.connect(client, nobody))
		p.wait(client, epollOut)
		value, errno := p.option(client, syscall.SOL_SOCKET, syscall.SO_ERROR)
		require.Zero(p, errno)
		require.Equal(p, syscall.ECONNREFUSED, syscall.Errno(value))
		_, errno = p.name(syscall.SYS_GETPEERNAME, client)
		require.Equal(p, syscall.ENOTCONN, errno)
	})
}

func TestReset(t *testing.T) {
	p := newProgram(t)
	client, server, _ := p.connected(families[0])
	linger := structure(syscall.Linger{Onoff: 1})
	address, size := heap(linger)
	p.do(syscall.SYS_SETSOCKOPT, uintptr(server), syscall.SOL_SOCKET, syscall.SO_LINGER, address, size)
	p.close(server)
	b := make([]byte, 1)
	address, size = heap(b)
	_, errno := p.retry(epollIn, syscall.SYS_READ, uintptr(client), address, size)
	require.Equal(t, syscall.ECONNRESET, errno)
}

func TestAddressInUse(t *testing.T) {
	forFamilies(t, func(p *program, f family) {
		first, second := p.socket(f.family, syscall.SOCK_STREAM), p.socket(f.family, syscall.SOCK_STREAM)
		require.Zero(p, p.bind(first, f.any))
		require.Equal(p, syscall.EADDRINUSE, p.bind(second, p.local(first)))
	})
}

// A port that connections are ending on can be listened on again: servers set SO_REUSEADDR for that.
func TestReuseAddress(t *testing.T) {
	p := newProgram(t)
	listener := p.socket(syscall.AF_INET, syscall.SOCK_STREAM)
	require.Zero(t, p.setOption(listener, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
	require.Zero(t, p.bind(listener, families[0].any))
	p.listen(listener)
	name := p.local(listener)
	client := p.socket(syscall.AF_INET, syscall.SOCK_STREAM)
	require.Equal(t, syscall.EINPROGRESS, p.connect(client, name))
	server := p.accept(listener)
	p.close(listener)
	p.close(server)
	p.close(client)
	again := p.socket(syscall.AF_INET, syscall.SOCK_STREAM)
	require.Zero(t, p.setOption(again, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
	require.Zero(t, p.bind(again, name))
	p.listen(again)
}

// A socket of IPv6 serves IPv4 too, unless it is told not to.
func TestIPv6Only(t *testing.T) {
	for _, only := range []bool{false, true} {
		p := newProgram(t)
		listener := p.socket(syscall.AF_INET6, syscall.SOCK_STREAM)
		if only {
			require.Zero(t, p.setOption(listener, syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, 1))
		}
		require.Zero(t, p.bind(listener, make6()))
		p.listen(listener)
		client := p.socket(syscall.AF_INET, syscall.SOCK_STREAM)
		require.Equal(t, syscall.EINPROGRESS, p.connect(client, name4(127, 0, 0, 1, portOf(p.local(listener)))))
		p.wait(client, epollOut)
		value, errno := p.option(client, syscall.SOL_SOCKET, syscall.SO_ERROR)
		require.Zero(t, errno)
		if only {
			require.Equal(t, syscall.ECONNREFUSED, syscall.Errno(value))
			continue
		}
		require.Zero(t, value)
		peer, errno := p.name(syscall.SYS_GETPEERNAME, p.accept(listener))
		require.Zero(t, errno)
		require.Equal(t, name6(portOf(p.local(client)), true), peer)
	}
}

// make6 is no address in particular, of IPv6.
func make6() []byte { return structure(syscall.RawSockaddrInet6{Family: syscall.AF_INET6}) }

func TestUDP(t *testing.T) {
	forFamilies(t, func(p *program, f family) {
		server, client := p.socket(f.family, syscall.SOCK_DGRAM), p.socket(f.family, syscall.SOCK_DGRAM)
		require.Zero(p, p.bind(server, f.any))
		to := p.local(server)
		toAddress, toSize := heap(to)
		b := []byte("question")
		address, size := heap(b)
		_, errno := p.call(syscall.SYS_SENDTO, uintptr(client), address, size, 0, 0, 0)
		require.Equal(p, syscall.EDESTADDRREQ, errno)
		require.Equal(p, 8, p.do(syscall.SYS_SENDTO, uintptr(client), address, size, 0, toAddress, toSize))

		// What does not fit is lost, and said to be.
		room, from := make([]byte, 5), make([]byte, 28)
		h := &syscall.Msghdr{Name: &from[0], Namelen: 28, Iov: &syscall.Iovec{Base: &room[0], Len: 5}, Iovlen: 1}
		escaped.Store((*byte)(unsafe.Pointer(h)))
		n, errno := p.retry(epollIn, syscall.SYS_RECVMSG, uintptr(server), uintptr(unsafe.Pointer(h)), 0)
		require.Zero(p, errno)
		require.Equal(p, "quest", string(room[:n]))
		require.EqualValues(p, syscall.MSG_TRUNC, h.Flags)
		from = from[:h.Namelen]
		require.Equal(p, portOf(p.local(client)), portOf(from))

		require.Zero(p, p.connect(server, from))
		p.write(server, "answer")
		require.Equal(p, "answer", p.read(client, 6))
		_, errno = p.call(syscall.SYS_RECVFROM, uintptr(client), address, size, 0, 0, 0)
		require.Equal(p, syscall.EAGAIN, errno)

		// Nobody there any more: the next call on a socket that is connected tells.
		p.close(client)
		p.write(server, "more")
		p.wait(server, epollErr)
		_, errno = p.call(syscall.SYS_RECVFROM, uintptr(server), address, size, 0, 0, 0)
		require.Equal(p, syscall.ECONNREFUSED, errno)
	})
}

// Descriptors that are not O_NONBLOCK wait in the call.
func TestBlocking(t *testing.T) {
	p := newProgram(t)
	listener := p.do(syscall.SYS_SOCKET, syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.Zero(t, p.bind(listener, families[0].any))
	p.listen(listener)
	text := strings.Repeat("x", 10<<20)
	done := make(chan syscall.Errno)
	go func() {
		server, errno := p.call(syscall.SYS_ACCEPT, uintptr(listener), 0, 0)
		if errno == 0 {
			b := []byte(text)
			address, size := heap(b)
			var n int
			if n, errno = p.call(syscall.SYS_WRITE, uintptr(server), address, size); n != len(text) {
				errno = syscall.EIO
			}
		}
		done <- errno
	}()
	client := p.do(syscall.SYS_SOCKET, syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.Zero(t, p.connect(client, p.local(listener)))
	require.Equal(t, text, p.read(client, len(text)))
	require.Zero(t, <-done)

	nobody := p.do(syscall.SYS_SOCKET, syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.Equal(t, syscall.ECONNREFUSED, p.connect(nobody, name4(127, 0, 0, 1, 9)))
}

func TestSendFile(t *testing.T) {
	p := newProgram(t)
	client, server, _ := p.connected(families[0])
	name := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(name, []byte("once upon a time"), 0o644))
	file, err := os.Open(name)
	require.NoError(t, err)
	defer file.Close()
	fd := uintptr(client)
	// From where the descriptor is, which then goes on; to the file's end; and at an offset.
	require.Equal(t, 5, p.do(syscall.SYS_SENDFILE, fd, file.Fd(), 0, 5))
	require.Equal(t, 11, p.do(syscall.SYS_SENDFILE, fd, file.Fd(), 0, 1<<40))
	require.Equal(t, 0, p.do(syscall.SYS_SENDFILE, fd, file.Fd(), 0, 1))
	offset := &[2]int32{5}
	require.Equal(t, 4, p.do(syscall.SYS_SENDFILE, fd, file.Fd(), number32(&offset[0]), 4))
	require.Equal(t, [2]int32{9}, *offset)
	require.Equal(t, "once upon a timeupon", p.read(server, 20))
	in, out, err := os.Pipe()
	require.NoError(t, err)
	defer in.Close()
	defer out.Close()
	_, errno := p.call(syscall.SYS_SENDFILE, fd, in.Fd(), 0, 1)
	require.Equal(t, syscall.EINVAL, errno)
}

func TestDuplicates(t *testing.T) {
	p := newProgram(t)
	client, server, _ := p.connected(families[0])
	twin := p.do(syscall.SYS_FCNTL, uintptr(client), syscall.F_DUPFD_CLOEXEC, 0)
	p.close(client)
	p.write(twin, "still here")
	require.Equal(t, "still here", p.read(server, 10))
	require.Equal(t, syscall.O_RDWR|syscall.O_NONBLOCK, p.do(syscall.SYS_FCNTL, uintptr(twin), syscall.F_GETFL, 0))
	p.close(twin)
	require.Equal(t, "", p.read(server, 1))
}

func TestOptions(t *testing.T) {
	p := newProgram(t)
	tcp, udp := p.socket(syscall.AF_INET6, syscall.SOCK_STREAM), p.socket(syscall.AF_INET, syscall.SOCK_DGRAM)
	for _, o := range []struct {
		fd, level, name, set, get int
	}{
		{tcp, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1, 1},
		{tcp, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1, 1},
		{tcp, syscall.SOL_SOCKET, syscall.SO_RCVBUF, 32 << 10, 64 << 10},
		{tcp, syscall.SOL_SOCKET, syscall.SO_SNDBUF, 32 << 10, 64 << 10},
		{tcp, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 0, 0},
		{tcp, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1, 1},
		{tcp, syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 15, 15},
		{tcp, syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 7, 7},
		{tcp, syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 5, 5},
		{tcp, syscall.IPPROTO_TCP, tcpUserTimeout, 1000, 1000},
		{tcp, syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, 1, 1},
		{udp, syscall.SOL_SOCKET, syscall.SO_BROADCAST, 1, 1},
		{udp, syscall.IPPROTO_IP, syscall.IP_TTL, 3, 3},
		{udp, syscall.IPPROTO_IP, syscall.IP_MULTICAST_TTL, 4, 4},
		{udp, syscall.IPPROTO_IP, syscall.IP_MULTICAST_LOOP, 0, 0},
	} {
		require.Zero(t, p.setOption(o.fd, o.level, o.name, o.set), "%+v", o)
		got, errno := p.option(o.fd, o.level, o.name)
		require.Zero(t, errno, "%+v", o)
		require.Equal(t, o.get, got, "%+v", o)
	}
	for name, want := range map[int]int{
		syscall.SO_TYPE: syscall.SOCK_STREAM, optionDomain: syscall.AF_INET6, optionProtocol: syscall.IPPROTO_TCP, syscall.SO_ACCEPTCONN: 0,
	} {
		got, errno := p.option(tcp, syscall.SOL_SOCKET, name)
		require.Zero(t, errno)
		require.Equal(t, want, got)
	}
	require.Equal(t, syscall.ENOPROTOOPT, p.setOption(tcp, syscall.SOL_SOCKET, 12345, 1))
	_, errno := p.option(tcp, 12345, 1)
	require.Equal(t, syscall.ENOPROTOOPT, errno)
}

func TestRefusals(t *testing.T) {
	p := newProgram(t)
	const mptcp = 262
	for _, s := range []struct {
		family, kind, protocol int
		errno                  syscall.Errno
	}{
		{syscall.AF_INET, syscall.SOCK_STREAM, mptcp, syscall.EPROTONOSUPPORT},
		{syscall.AF_INET, syscall.SOCK_STREAM, syscall.IPPROTO_UDP, syscall.EPROTONOSUPPORT},
		{syscall.AF_INET, syscall.SOCK_RAW, 0, syscall.EPROTONOSUPPORT},
		{syscall.AF_INET, syscall.SOCK_RDM, 0, syscall.ESOCKTNOSUPPORT},
		{syscall.AF_UNIX, syscall.SOCK_RAW, 0, syscall.ESOCKTNOSUPPORT},
		{syscall.AF_PACKET, syscall.SOCK_RAW, 0, syscall.EAFNOSUPPORT},
		{syscall.AF_NETLINK, syscall.SOCK_RAW, 9, syscall.EPROTONOSUPPORT},
	} {
		_, errno := p.call(syscall.SYS_SOCKET, uintptr(s.family), uintptr(s.kind), uintptr(s.protocol))
		require.Equal(t, s.errno, errno, "%+v", s)
	}
	fd := p.socket(syscall.AF_INET, syscall.SOCK_STREAM)
	require.Equal(t, syscall.EAFNOSUPPORT, p.bind(fd, name6(0, false)))
	require.Equal(t, syscall.EINVAL, p.bind(fd, name4(127, 0, 0, 1, 0)[:8]))
	require.Equal(t, syscall.EADDRNOTAVAIL, p.bind(fd, name4(192, 0, 2, 1, 0)))
	require.Equal(t, syscall.ENETUNREACH, p.connect(fd, name4(192, 0, 2, 1, 80)))
	_, errno := p.call(syscall.SYS_IOCTL, uintptr(fd), 0, 0)
	require.Equal(t, syscall.ENOTTY, errno)
	// Descriptors that are none of the table's.
	_, errno = p.call(syscall.SYS_LISTEN, 0, 1)
	require.Equal(t, syscall.ENOTSOCK, errno)
	_, errno = p.call(syscall.SYS_LISTEN, 1<<20, 1)
	require.Equal(t, syscall.EBADF, errno)
	_, _, answered := p.table.Call(calls.Call{Number: syscall.SYS_READ, Args: [6]uintptr{1}})
	require.False(t, answered)
}

// A descriptor is not to be had: nothing stays open.
func TestTooManyDescriptors(t *testing.T) {
	p := newProgram(t)
	for {
		if _, errno := p.call(syscall.SYS_SOCKET, syscall.AF_INET, syscall.SOCK_STREAM, 0); errno != 0 {
			require.Equal(t, syscall.EMFILE, errno)
			break
		}
	}
	require.Len(t, p.table.open, len(p.poller.open))
	_, errno := p.call(syscall.SYS_SOCKETPAIR, syscall.AF_UNIX, syscall.SOCK_STREAM, 0, number32(&new([2]int32)[0]))
	require.Equal(t, syscall.EMFILE, errno)
}

func TestInterfaces(t *testing.T) {
	p := newProgram(t)
	for _, request := range []struct {
		ask, answer uint16
		count       int
	}{{syscall.RTM_GETLINK, syscall.RTM_NEWLINK, 1}, {syscall.RTM_GETADDR, syscall.RTM_NEWADDR, 2}} {
		fd := p.do(syscall.SYS_SOCKET, syscall.AF_NETLINK, syscall.SOCK_RAW, syscall.NETLINK_ROUTE)
		b := structure(syscall.NetlinkRouteRequest{Header: syscall.NlMsghdr{Len: 17, Type: request.ask, Seq: 7}})
		address, size := heap(b)
		p.do(syscall.SYS_SENDTO, uintptr(fd), address, size, 0, 0, 0)
		room := make([]byte, 4096)
		address, size = heap(room)
		n := p.do(syscall.SYS_RECVFROM, uintptr(fd), address, size, 0, 0, 0)
		messages, err := syscall.ParseNetlinkMessage(room[:n])
		require.NoError(t, err)
		require.Len(t, messages, request.count+1)
		for _, m := range messages[:request.count] {
			require.Equal(t, request.answer, m.Header.Type)
			require.EqualValues(t, 7, m.Header.Seq)
			_, err := syscall.ParseNetlinkRouteAttr(&m)
			require.NoError(t, err)
		}
		require.EqualValues(t, syscall.NLMSG_DONE, messages[request.count].Header.Type)
		p.close(fd)
	}
}
