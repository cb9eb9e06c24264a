package sockets

import (
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip"
)

func (s *inet) send(m *message) (int, syscall.Errno) {
	var options tcpip.WriteOptions
	if len(m.name) > 0 && s.kind != syscall.SOCK_STREAM {
		to, errno := s.addressOf(m.name)
		if errno != 0 {
			return 0, errno
		}
		options.To = &to
	}
	options.Atomic = s.kind != syscall.SOCK_STREAM
	options.More = m.flags&msgMore != 0
	n, err := s.endpoint.Write(m, options)
	return int(n), errnoOf(err)
}

const msgMore = 0x8000 // MSG_MORE

// receive reads what there is: of a stream as much as fits, of messages the next, whose rest is lost if it doesn't.
func (s *inet) receive(m *message) (int, syscall.Errno) {
	stream := s.kind == syscall.SOCK_STREAM
	if m.size() == 0 && stream {
		return 0, 0
	}
	flags := m.flags
	m.flags = 0
	result, err := s.endpoint.Read(m, tcpip.ReadOptions{Peek: flags&syscall.MSG_PEEK != 0, NeedRemoteAddr: !stream})
	switch err.(type) {
	case nil, *tcpip.ErrBadBuffer: // the latter: a message was cut short
	case *tcpip.ErrClosedForReceive:
		return 0, 0
	default:
		m.flags = flags
		return 0, errnoOf(err)
	}
	if stream {
		s.endpoint.ModerateRecvBuf(result.Count)
		return result.Count, 0
	}
	m.name = s.nameOf(result.RemoteAddr)
	if result.Count < result.Total {
		m.flags |= syscall.MSG_TRUNC
		if flags&syscall.MSG_TRUNC != 0 {
			return result.Total, 0
		}
	}
	m.control = s.ancillary(&result.ControlMessages)
	return result.Count, 0
}

// ancillary is what came with a message, and was asked for by an option.
func (s *inet) ancillary(c *tcpip.ReceivableControlMessages) (b []byte) {
	if c.HasTTL {
		b = ancillary(b, syscall.IPPROTO_IP, syscall.IP_TTL, structure(int32(c.TTL)))
	}
	if c.HasIPPacketInfo {
		v := syscall.Inet4Pktinfo{Ifindex: int32(c.PacketInfo.NIC)}
		copy(v.Spec_dst[:], c.PacketInfo.LocalAddr.AsSlice())
		copy(v.Addr[:], c.PacketInfo.DestinationAddr.AsSlice())
		b = ancillary(b, syscall.IPPROTO_IP, syscall.IP_PKTINFO, structure(v))
	}
	if c.HasHopLimit {
		b = ancillary(b, syscall.IPPROTO_IPV6, syscall.IPV6_HOPLIMIT, structure(int32(c.HopLimit)))
	}
	if c.HasIPv6PacketInfo {
		v := syscall.Inet6Pktinfo{Ifindex: uint32(c.IPv6PacketInfo.NIC)}
		copy(v.Addr[:], c.IPv6PacketInfo.Addr.AsSlice())
		b = ancillary(b, syscall.IPPROTO_IPV6, syscall.IPV6_PKTINFO, structure(v))
	}
	return b
}
