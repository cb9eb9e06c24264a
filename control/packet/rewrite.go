package packet

import (
	"encoding/binary"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
)

// SetSource changes where a packet of IPv4 says it comes from: its address, and its port or echo identifier. The checksums change
// by the difference (RFC 1624), so one that was wrong stays wrong. The packet is not a fragment.
func (info *Info) SetSource(f *Frame, to netip.AddrPort) {
	const address, port = 12, 0
	info.rewrite(f, address, port, to)
	info.Src, info.SrcPort = to.Addr(), to.Port()
	info.keepEcho(to.Port())
}

// SetDestination changes where a packet goes, as SetSource does.
func (info *Info) SetDestination(f *Frame, to netip.AddrPort) {
	const address, port = 16, 2
	info.rewrite(f, address, port, to)
	info.Dst, info.DstPort = to.Addr(), to.Port()
	info.keepEcho(to.Port())
}

// SetSourceAddress changes the address only, of a packet whose transport header has no sum over it: ICMP.
func (info *Info) SetSourceAddress(f *Frame, to netip.Addr) {
	const address = 12
	a := to.As4()
	ip := f.Data[info.Network:]
	adjust(ip[ipv4Sum:], replace(ip[address:], a[:]))
	info.Src = to
}

// SetDestinationAddress is like SetSourceAddress.
func (info *Info) SetDestinationAddress(f *Frame, to netip.Addr) {
	const address = 16
	a := to.As4()
	ip := f.Data[info.Network:]
	adjust(ip[ipv4Sum:], replace(ip[address:], a[:]))
	info.Dst = to
}

// keepEcho keeps both ports of an echo the same.
func (info *Info) keepEcho(identifier uint16) {
	if info.Protocol == ICMP {
		info.SrcPort, info.DstPort = identifier, identifier
	}
}

func (info *Info) rewrite(f *Frame, address, port int, to netip.AddrPort) {
	ip, transport := f.Data[info.Network:], f.Data[info.Transport:]
	a := to.Addr().As4()
	addresses := replace(ip[address:], a[:])
	adjust(ip[ipv4Sum:], addresses)
	switch info.Protocol {
	case TCP:
		ports := replace16(transport[port:], to.Port())
		info.adjustTransport(f, transport[tcpSum:], addresses, ports)
	case UDP:
		none := !f.Blank && binary.BigEndian.Uint16(transport[udpSum:]) == 0
		ports := replace16(transport[port:], to.Port())
		if none {
			return
		}
		info.adjustTransport(f, transport[udpSum:], addresses, ports)
		if !f.Blank && binary.BigEndian.Uint16(transport[udpSum:]) == 0 {
			binary.BigEndian.PutUint16(transport[udpSum:], 0xffff)
		}
	case ICMP:
		const identifier = 4
		adjust(transport[icmpSum:], replace16(transport[identifier:], to.Port()))
	}
}

// adjustTransport changes a sum over the pseudo-header and the transport header. One that is blank has the pseudo-header's only,
// not complemented.
func (info *Info) adjustTransport(f *Frame, sum []byte, addresses, ports uint16) {
	if f.Blank {
		binary.BigEndian.PutUint16(sum, checksum.Combine(binary.BigEndian.Uint16(sum), addresses))
		return
	}
	adjust(sum, checksum.Combine(addresses, ports))
}

// adjust changes a checksum by what was added to the bytes that it is about.
func adjust(sum []byte, added uint16) {
	binary.BigEndian.PutUint16(sum, ^checksum.Combine(^binary.BigEndian.Uint16(sum), added))
}

// replace overwrites bytes, an even number at an even place, and returns what that adds to a sum.
func replace(at, with []byte) (added uint16) {
	added = checksum.Combine(^checksum.Checksum(at[:len(with)], 0), checksum.Checksum(with, 0))
	copy(at, with)
	return added
}

func replace16(at []byte, with uint16) (added uint16) {
	return replace(at, []byte{byte(with >> 8), byte(with)})
}

// Hop takes one from an IPv4 packet's time to live. It fails if there is none left.
func (info *Info) Hop(f *Frame) bool {
	const ttl = 8
	ip := f.Data[info.Network:]
	if ip[ttl] <= 1 {
		return false
	}
	adjust(ip[ipv4Sum:], replace(ip[ttl:], []byte{ip[ttl] - 1, ip[ttl+1]}))
	return true
}

// Options tells whether an IPv4 packet has any.
func (info *Info) Options(f *Frame) bool { return f.Data[info.Network]&15 > ipv4Len/4 }

// SetQuotedSource changes where the packet that an ICMP error is about came from, and SetQuotedDestination where it went. The
// error's own checksum is right afterwards.
func (info *Info) SetQuotedSource(f *Frame, q *Quote, to netip.AddrPort) {
	const address, port = 12, 0
	info.rewriteQuote(f, q, address, port, to)
}

// SetQuotedDestination is like SetQuotedSource.
func (info *Info) SetQuotedDestination(f *Frame, q *Quote, to netip.AddrPort) {
	const address, port = 16, 2
	info.rewriteQuote(f, q, address, port, to)
}

func (info *Info) rewriteQuote(f *Frame, q *Quote, address, port int, to netip.AddrPort) {
	ip, transport := f.Data[q.Network:], f.Data[q.Transport:]
	a := to.Addr().As4()
	addresses := replace(ip[address:], a[:])
	adjust(ip[ipv4Sum:], addresses)
	switch q.Protocol {
	case TCP: // the sum is not among the 8 bytes that are always there, and nobody looks
		replace16(transport[port:], to.Port())
	case UDP:
		ports := replace16(transport[port:], to.Port())
		if binary.BigEndian.Uint16(transport[udpSum:]) != 0 {
			adjust(transport[udpSum:], checksum.Combine(addresses, ports))
		}
	case ICMP:
		const identifier = 4
		adjust(transport[icmpSum:], replace16(transport[identifier:], to.Port()))
	}
	message := f.Data[info.Transport:info.End]
	binary.BigEndian.PutUint16(message[icmpSum:], 0)
	binary.BigEndian.PutUint16(message[icmpSum:], ^checksum.Checksum(message, 0))
}

// SetAddresses writes a frame's header.
func SetAddresses(data []byte, destination, source MAC) {
	copy(data, destination[:])
	copy(data[len(destination):], source[:])
}
