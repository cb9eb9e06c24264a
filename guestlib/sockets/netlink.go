package sockets

import (
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// netlink is a socket that tells the interfaces and their addresses: the two requests that package net makes. An answer
// is there when its request has been made.
type netlink struct {
	unsupported
	table   *Table
	answers [][]byte
}

// process is what the netlink port's number is.
const process = 1

func (t *Table) newNetlink(protocol int) (socket, syscall.Errno) {
	if protocol != syscall.NETLINK_ROUTE {
		return nil, syscall.EPROTONOSUPPORT
	}
	return &netlink{table: t}, 0
}

func (*netlink) bind([]byte) syscall.Errno { return 0 }

func (*netlink) name() ([]byte, syscall.Errno) {
	return structure(syscall.RawSockaddrNetlink{Family: syscall.AF_NETLINK, Pid: process}), 0
}

func (s *netlink) send(m *message) (int, syscall.Errno) {
	size := m.size()
	request := make([]byte, size)
	if _, err := m.Read(request); err != nil || size < syscall.NLMSG_HDRLEN {
		return 0, syscall.EINVAL
	}
	h := parse[syscall.NlMsghdr](request)
	answer := answer{sequence: h.Seq}
	switch h.Type {
	case syscall.RTM_GETLINK:
		s.table.links(&answer)
	case syscall.RTM_GETADDR:
		s.table.addresses(&answer)
	default:
		return 0, syscall.EOPNOTSUPP
	}
	answer.add(syscall.NLMSG_DONE, structure(int32(0)))
	s.answers = append(s.answers, answer.bytes)
	return size, 0
}

func (s *netlink) receive(m *message) (int, syscall.Errno) {
	if len(s.answers) == 0 {
		return 0, syscall.EAGAIN
	}
	n, err := m.Write(s.answers[0])
	s.answers = s.answers[1:]
	if m.flags = 0; err != nil {
		m.flags = syscall.MSG_TRUNC
	}
	m.name = structure(syscall.RawSockaddrNetlink{Family: syscall.AF_NETLINK})
	return n, 0
}

func (s *netlink) ready() uint32 { return epollIn | epollOut }

// An answer is messages, one behind the other.
type answer struct {
	sequence uint32
	bytes    []byte
}

func (a *answer) add(typ uint16, content []byte) {
	h := syscall.NlMsghdr{Len: uint32(syscall.NLMSG_HDRLEN + len(content)), Type: typ, Flags: syscall.NLM_F_MULTI, Seq: a.sequence, Pid: process}
	a.bytes = append(append(a.bytes, structure(h)...), aligned(content)...)
}

func aligned(b []byte) []byte { return append(b, make([]byte, -len(b)&3)...) }

// attribute appends struct rtattr and what it says.
func attribute(to []byte, typ uint16, value []byte) []byte {
	h := syscall.RtAttr{Len: uint16(syscall.SizeofRtAttr + len(value)), Type: typ}
	return append(append(to, structure(h)...), aligned(value)...)
}

// links answers with the interfaces.
func (t *Table) links(a *answer) {
	for id, nic := range t.network().NICInfo() {
		h := syscall.IfInfomsg{Family: syscall.AF_UNSPEC, Type: uint16(nic.ARPHardwareType), Index: int32(id)}
		if nic.Flags.Up {
			h.Flags |= syscall.IFF_UP
		}
		if nic.Flags.Running {
			h.Flags |= syscall.IFF_RUNNING
		}
		if nic.Flags.Loopback {
			h.Flags |= syscall.IFF_LOOPBACK
		} else {
			h.Flags |= syscall.IFF_BROADCAST | syscall.IFF_MULTICAST
		}
		m := attribute(structure(h), syscall.IFLA_IFNAME, append([]byte(nic.Name), 0))
		m = attribute(m, syscall.IFLA_MTU, structure(nic.MTU))
		link := []byte(nic.LinkAddress)
		if len(link) == 0 {
			link = make([]byte, header.EthernetAddressSize)
		}
		a.add(syscall.RTM_NEWLINK, attribute(m, syscall.IFLA_ADDRESS, link))
	}
}

// addresses answers with their addresses.
func (t *Table) addresses(a *answer) {
	for id, nic := range t.network().NICInfo() {
		for _, p := range nic.ProtocolAddresses {
			h := syscall.IfAddrmsg{Family: syscall.AF_INET, Prefixlen: uint8(p.AddressWithPrefix.PrefixLen), Index: uint32(id)}
			address := p.AddressWithPrefix.Address
			switch {
			case address.Len() == header.IPv6AddressSize:
				h.Family = syscall.AF_INET6
				if header.IsV6LinkLocalUnicastAddress(address) {
					h.Scope = syscall.RT_SCOPE_LINK
				}
			case loopbackAddress(address):
				h.Scope = syscall.RT_SCOPE_HOST
			}
			m := attribute(structure(h), syscall.IFA_ADDRESS, address.AsSlice())
			a.add(syscall.RTM_NEWADDR, attribute(m, syscall.IFA_LOCAL, address.AsSlice()))
		}
	}
}

func loopbackAddress(a tcpip.Address) bool {
	return header.IsV4LoopbackAddress(a) || a == header.IPv6Loopback
}
