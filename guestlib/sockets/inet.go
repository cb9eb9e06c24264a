package sockets

import (
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// inet is a socket of the families AF_INET and AF_INET6: an endpoint of netstack.
type inet struct {
	table                  *Table
	family, kind, protocol int
	endpoint               tcpip.Endpoint
	queue                  *waiter.Queue
	entry                  waiter.Entry
}

// events is what a description is told of. The bits are epoll's.
const events = waiter.EventIn | waiter.EventOut | waiter.EventErr | waiter.EventHUp | waiter.EventRdHUp

// listener passes on what netstack reports.
type listener struct{ d *description }

func (l listener) NotifyEvent(mask waiter.EventMask) { l.d.happened(uint32(mask)) }

// newInet is a socket of a family. Its protocol may be 0, the kind's usual one.
func (t *Table) newInet(d *description, family, kind, protocol int) (socket, syscall.Errno) {
	network := ipv4.ProtocolNumber
	if family == syscall.AF_INET6 {
		network = ipv6.ProtocolNumber
	}
	s := &inet{table: t, family: family, kind: kind, protocol: protocol, queue: &waiter.Queue{}}
	transport, errno := s.transport()
	if errno != 0 {
		return nil, errno
	}
	var err tcpip.Error
	if kind == syscall.SOCK_RAW {
		s.endpoint, err = t.network().NewRawEndpoint(transport, network, s.queue, true)
	} else {
		s.endpoint, err = t.network().NewEndpoint(transport, network, s.queue)
	}
	if err != nil {
		return nil, errnoOf(err)
	}
	if kind == syscall.SOCK_STREAM {
		s.setReceiveBuffer(receiveBuffer) // connections to a listener get that from it
	}
	s.watch(d)
	return s, 0
}

// transport is the protocol's number, which it also fills in.
func (s *inet) transport() (tcpip.TransportProtocolNumber, syscall.Errno) {
	usual := map[int]int{syscall.SOCK_STREAM: syscall.IPPROTO_TCP, syscall.SOCK_DGRAM: syscall.IPPROTO_UDP}
	if s.protocol == 0 {
		s.protocol = usual[s.kind]
	}
	switch {
	case s.kind == syscall.SOCK_STREAM && s.protocol == syscall.IPPROTO_TCP:
		return tcp.ProtocolNumber, 0
	case s.kind == syscall.SOCK_DGRAM && s.protocol == syscall.IPPROTO_UDP:
		return udp.ProtocolNumber, 0
	case s.kind == syscall.SOCK_DGRAM && s.protocol == syscall.IPPROTO_ICMP && s.family == syscall.AF_INET:
		return icmp.ProtocolNumber4, 0
	case s.kind == syscall.SOCK_DGRAM && s.protocol == syscall.IPPROTO_ICMPV6 && s.family == syscall.AF_INET6:
		return icmp.ProtocolNumber6, 0
	case s.kind == syscall.SOCK_RAW && 0 < s.protocol && s.protocol < 256:
		return tcpip.TransportProtocolNumber(s.protocol), 0
	case s.kind == syscall.SOCK_STREAM, s.kind == syscall.SOCK_DGRAM, s.kind == syscall.SOCK_RAW:
		return 0, syscall.EPROTONOSUPPORT
	}
	return 0, syscall.ESOCKTNOSUPPORT
}

func (s *inet) watch(d *description) {
	s.entry.Init(listener{d}, events)
	s.queue.EventRegister(&s.entry)
}

func (s *inet) bind(name []byte) syscall.Errno {
	a, errno := s.addressOf(name)
	if errno != 0 {
		return errno
	}
	return errnoOf(s.endpoint.Bind(a))
}

// connect to no address in particular is to this machine.
func (s *inet) connect(name []byte) syscall.Errno {
	if familyOf(name) == syscall.AF_UNSPEC && len(name) >= familySize {
		return errnoOf(s.endpoint.Disconnect())
	}
	a, errno := s.addressOf(name)
	if errno != 0 {
		return errno
	}
	if a.Addr.Len() == 0 {
		a.Addr = tcpip.AddrFrom4([4]byte{127, 0, 0, 1})
		if s.family == syscall.AF_INET6 {
			a.Addr = header.IPv6Loopback
		}
	}
	return errnoOf(s.endpoint.Connect(a))
}

func (s *inet) listen(backlog int) syscall.Errno { return errnoOf(s.endpoint.Listen(backlog)) }

func (s *inet) accept(d *description) (socket, []byte, syscall.Errno) {
	var peer tcpip.FullAddress
	endpoint, queue, err := s.endpoint.Accept(&peer)
	if err != nil {
		return nil, nil, errnoOf(err)
	}
	n := &inet{table: s.table, family: s.family, kind: s.kind, protocol: s.protocol, endpoint: endpoint, queue: queue}
	n.watch(d)
	return n, n.nameOf(peer), 0
}

func (s *inet) name() ([]byte, syscall.Errno) {
	a, err := s.endpoint.GetLocalAddress()
	return s.nameOf(a), errnoOf(err)
}

func (s *inet) peer() ([]byte, syscall.Errno) {
	a, err := s.endpoint.GetRemoteAddress()
	return s.nameOf(a), errnoOf(err)
}

func (s *inet) shutdown(how int) syscall.Errno {
	const read, write, both = 0, 1, 2
	switch how {
	case read:
		return errnoOf(s.endpoint.Shutdown(tcpip.ShutdownRead))
	case write:
		return errnoOf(s.endpoint.Shutdown(tcpip.ShutdownWrite))
	case both:
		return errnoOf(s.endpoint.Shutdown(tcpip.ShutdownRead | tcpip.ShutdownWrite))
	}
	return syscall.EINVAL
}

func (s *inet) ready() uint32 { return uint32(s.endpoint.Readiness(events) & events) }

func (s *inet) close() {
	s.queue.EventUnregister(&s.entry)
	s.endpoint.Close()
}
