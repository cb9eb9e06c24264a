package packet

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// Kinds of frames, and protocols.
const (
	IPv4, ARP, VLAN, IPv6 = 0x0800, 0x0806, 0x8100, 0x86dd

	ICMP, TCP, UDP, ICMPv6 = 1, 6, 17, 58
)

// Flags of TCP.
const (
	FIN, SYN, RST, PSH, ACK, CWR = 0x01, 0x02, 0x04, 0x08, 0x10, 0x80
)

// What is wrong with a frame.
var (
	ErrShort     = errors.New("the frame is shorter than its header")
	ErrMalformed = errors.New("the packet contradicts itself")
	ErrOffload   = errors.New("the frame can't be cut or summed as it asks to be")
)

// Info is what Parse finds out. Positions count from the frame's start.
type Info struct {
	EtherType uint16
	Protocol  uint8 // of IPv4 or IPv6, behind all extensions
	Flags     uint8 // of TCP

	// Part says that this is a fragment of a packet, Later that it is not the first one: it has no transport header.
	Part, Later bool

	Network   int // the header of IPv4 or IPv6
	Transport int // the header of TCP, UDP or ICMP; 0 if there is none, or one that is not known
	Payload   int // what comes behind the transport header
	End       int // of the packet; the frame may be longer, padded

	Src, Dst         netip.Addr
	SrcPort, DstPort uint16 // of TCP and UDP; for ICMP echo its identifier, both
}

// Header lengths.
const (
	ipv4Len, ipv6Len, tcpLen, udpLen, icmpLen = 20, 40, 20, 8, 8
)

// Parse reads a frame. The error is ErrShort or ErrMalformed. Of what is neither IPv4 nor IPv6 it reads the type only.
func Parse(data []byte) (info Info, err error) {
	if len(data) < HeaderLen {
		return info, ErrShort
	}
	info.EtherType = binary.BigEndian.Uint16(data[12:])
	info.Network, info.End = HeaderLen, len(data)
	switch info.EtherType {
	case IPv4:
		err = info.ipv4(data)
	case IPv6:
		err = info.ipv6(data)
	}
	return info, err
}

func (info *Info) ipv4(data []byte) error {
	p := data[info.Network:]
	if len(p) < ipv4Len || p[0]>>4 != 4 {
		return ErrMalformed
	}
	header, total := int(p[0]&15)*4, int(binary.BigEndian.Uint16(p[2:]))
	if header < ipv4Len || total < header || total > len(p) {
		return ErrMalformed
	}
	fragment := binary.BigEndian.Uint16(p[6:])
	const more, offset = 0x2000, 0x1fff
	info.Part, info.Later = fragment&(more|offset) != 0, fragment&offset != 0
	info.Src, info.Dst = netip.AddrFrom4([4]byte(p[12:16])), netip.AddrFrom4([4]byte(p[16:20]))
	info.Protocol, info.End = p[9], info.Network+total
	if fragment&offset == 1 && info.Protocol == TCP {
		return ErrMalformed // it would replace the first one's flags (RFC 3128)
	}
	return info.transport(data, info.Network+header)
}

// transport reads a transport header at a position that is not behind the packet's end.
func (info *Info) transport(data []byte, at int) error {
	if info.Later {
		return nil
	}
	p := data[at:info.End]
	length := 0
	switch info.Protocol {
	case TCP:
		if len(p) < tcpLen {
			return ErrMalformed
		}
		info.Flags = p[13]
		if length = int(p[12]>>4) * 4; length < tcpLen {
			return ErrMalformed
		}
	case UDP:
		if len(p) < udpLen {
			return ErrMalformed
		}
		length = udpLen
		if n := int(binary.BigEndian.Uint16(p[4:])); n < udpLen || n > len(p) && !info.Part {
			return ErrMalformed
		}
	case ICMP, ICMPv6:
		length = icmpLen
	default:
		info.Payload = at
		return nil
	}
	if length > len(p) {
		return ErrMalformed
	}
	info.Transport, info.Payload = at, at+length
	switch {
	case info.Protocol == TCP || info.Protocol == UDP:
		info.SrcPort, info.DstPort = binary.BigEndian.Uint16(p), binary.BigEndian.Uint16(p[2:])
	case info.Echo(data):
		info.SrcPort = binary.BigEndian.Uint16(p[4:])
		info.DstPort = info.SrcPort
	}
	return nil
}

// Types of ICMP messages.
const (
	EchoReply4, Unreachable4, Echo4, TimeExceeded4, BadHeader4 = 0, 3, 8, 11, 12
	EchoRequest6, EchoReply6                                   = 128, 129
)

// Echo tells whether a packet is an echo request or reply, of ICMP or ICMPv6.
func (info *Info) Echo(data []byte) bool {
	if info.Transport == 0 {
		return false
	}
	switch kind := data[info.Transport]; info.Protocol {
	case ICMP:
		return kind == Echo4 || kind == EchoReply4
	case ICMPv6:
		return kind == EchoRequest6 || kind == EchoReply6
	}
	return false
}
