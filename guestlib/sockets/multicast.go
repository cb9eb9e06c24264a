package sockets

import (
	"syscall"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
)

// setStructure sets options that are structures: SO_LINGER, and the multicast groups.
func (s *inet) setStructure(level, name int, value []byte) (errno syscall.Errno, known bool) {
	switch [2]int{level, name} {
	case [2]int{syscall.SOL_SOCKET, syscall.SO_LINGER}:
		v := parse[syscall.Linger](value)
		s.endpoint.SocketOptions().SetLinger(tcpip.LingerOption{Enabled: v.Onoff != 0, Timeout: time.Duration(v.Linger) * time.Second})
		return 0, true
	case [2]int{syscall.IPPROTO_IP, syscall.IP_ADD_MEMBERSHIP}:
		o := tcpip.AddMembershipOption(group4(value))
		return errnoOf(s.endpoint.SetSockOpt(&o)), true
	case [2]int{syscall.IPPROTO_IP, syscall.IP_DROP_MEMBERSHIP}:
		o := tcpip.RemoveMembershipOption(group4(value))
		return errnoOf(s.endpoint.SetSockOpt(&o)), true
	case [2]int{syscall.IPPROTO_IPV6, syscall.IPV6_JOIN_GROUP}:
		o := tcpip.AddMembershipOption(group6(value))
		return errnoOf(s.endpoint.SetSockOpt(&o)), true
	case [2]int{syscall.IPPROTO_IPV6, syscall.IPV6_LEAVE_GROUP}:
		o := tcpip.RemoveMembershipOption(group6(value))
		return errnoOf(s.endpoint.SetSockOpt(&o)), true
	case [2]int{syscall.IPPROTO_IP, syscall.IP_MULTICAST_IF}:
		const onlyAddress = 4
		v := parse[syscall.IPMreqn](value)
		if len(value) == onlyAddress {
			v = syscall.IPMreqn{Address: [4]byte(value)}
		}
		o := tcpip.MulticastInterfaceOption{NIC: tcpip.NICID(v.Ifindex), InterfaceAddr: address4(v.Address)}
		return errnoOf(s.endpoint.SetSockOpt(&o)), true
	}
	return 0, false
}

// group4 is struct ip_mreqn, or ip_mreq, which is its beginning.
func group4(value []byte) tcpip.MembershipOption {
	v := parse[syscall.IPMreqn](value)
	return tcpip.MembershipOption{
		NIC: tcpip.NICID(v.Ifindex), InterfaceAddr: address4(v.Address), MulticastAddr: tcpip.AddrFrom4(v.Multiaddr),
	}
}

func group6(value []byte) tcpip.MembershipOption {
	v := parse[syscall.IPv6Mreq](value)
	return tcpip.MembershipOption{NIC: tcpip.NICID(v.Interface), MulticastAddr: tcpip.AddrFrom16(v.Multiaddr)}
}

// address4 is an address, or none.
func address4(a [4]byte) tcpip.Address {
	if a == [4]byte{} {
		return tcpip.Address{}
	}
	return tcpip.AddrFrom4(a)
}
