package sockets

import (
	"encoding/binary"
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// Sizes of struct sockaddr_in and sockaddr_in6.
const (
	familySize = 2
	nameSize4  = 16
	nameSize6  = 28
)

// familyOf is a name's family; of none, AF_UNSPEC.
func familyOf(name []byte) int {
	if len(name) < familySize {
		return syscall.AF_UNSPEC
	}
	return int(binary.NativeEndian.Uint16(name))
}

// addressOf is the address in a name. A sockaddr_in6 without its last field is one too, as on Linux.
func (s *inet) addressOf(name []byte) (a tcpip.FullAddress, errno syscall.Errno) {
	const shortSize6 = nameSize6 - 4
	switch {
	case len(name) < familySize:
		return a, syscall.EINVAL
	case familyOf(name) != s.family:
		return a, syscall.EAFNOSUPPORT
	case s.family == syscall.AF_INET && len(name) >= nameSize4:
		v := parse[syscall.RawSockaddrInet4](name)
		a.Port = port(v.Port)
		if v.Addr != [4]byte{} {
			a.Addr = tcpip.AddrFrom4(v.Addr)
		}
	case s.family == syscall.AF_INET6 && len(name) >= shortSize6:
		v := parse[syscall.RawSockaddrInet6](name)
		a.Port = port(v.Port)
		if v.Addr != [16]byte{} {
			a.Addr = tcpip.AddrFrom16(v.Addr)
		}
		if header.IsV6LinkLocalUnicastAddress(a.Addr) || header.IsV6LinkLocalMulticastAddress(a.Addr) {
			a.NIC = tcpip.NICID(v.Scope_id)
		}
	default:
		return a, syscall.EINVAL
	}
	return a, 0
}

// nameOf is the name of an address. An IPv4 address is a mapped one for a socket of IPv6.
func (s *inet) nameOf(a tcpip.FullAddress) []byte {
	if s.family == syscall.AF_INET {
		v := syscall.RawSockaddrInet4{Family: syscall.AF_INET, Port: port(a.Port)}
		copy(v.Addr[:], a.Addr.AsSlice())
		return structure(v)
	}
	v := syscall.RawSockaddrInet6{Family: syscall.AF_INET6, Port: port(a.Port)}
	if a.Addr.Len() == header.IPv4AddressSize {
		v.Addr = [16]byte{10: 0xff, 11: 0xff}
		copy(v.Addr[12:], a.Addr.AsSlice())
	} else {
		copy(v.Addr[:], a.Addr.AsSlice())
	}
	if header.IsV6LinkLocalUnicastAddress(a.Addr) || header.IsV6LinkLocalMulticastAddress(a.Addr) {
		v.Scope_id = uint32(a.NIC)
	}
	return structure(v)
}

// port turns a port's bytes round: in names it is in the network's order.
func port(p uint16) uint16 { return p<<8 | p>>8 }
