package packet

import (
	"encoding/binary"
	"net/netip"
)

// Quote is what an ICMP error says of the packet that it is about: the start of it, with at least the ports.
type Quote struct {
	Protocol         uint8
	Network          int // where its header begins in the frame
	Transport        int // 8 bytes at least
	Src, Dst         netip.Addr
	SrcPort, DstPort uint16 // as in Info
}

// Error tells whether a packet is an ICMP or ICMPv6 error, and what packet it quotes. One that quotes nothing readable is none.
func (info *Info) Error(data []byte) (q Quote, ok bool) {
	if info.Transport == 0 || info.Part {
		return q, false
	}
	kind := data[info.Transport]
	q.Network = info.Payload
	p := data[q.Network:info.End]
	switch {
	case info.Protocol == ICMP && (kind == Unreachable4 || kind == TimeExceeded4 || kind == BadHeader4):
		if len(p) < ipv4Len || p[0]>>4 != 4 || p[0]&15 < ipv4Len/4 {
			return q, false
		}
		const offset = 0x1fff
		if binary.BigEndian.Uint16(p[6:])&offset != 0 {
			return q, false
		}
		q.Protocol, q.Transport = p[9], q.Network+int(p[0]&15)*4
		q.Src, q.Dst = netip.AddrFrom4([4]byte(p[12:16])), netip.AddrFrom4([4]byte(p[16:20]))
	case info.Protocol == ICMPv6 && kind >= 1 && kind <= 4:
		if len(p) < ipv6Len || p[0]>>4 != 6 {
			return q, false
		}
		q.Protocol, q.Transport = p[6], q.Network+ipv6Len
		q.Src, q.Dst = netip.AddrFrom16([16]byte(p[8:24])), netip.AddrFrom16([16]byte(p[24:40]))
	default:
		return q, false
	}
	const least = 8
	if q.Transport+least > info.End {
		return q, false
	}
	transport := data[q.Transport:]
	switch q.Protocol {
	case TCP, UDP:
		q.SrcPort, q.DstPort = binary.BigEndian.Uint16(transport), binary.BigEndian.Uint16(transport[2:])
	case ICMP, ICMPv6:
		q.SrcPort = binary.BigEndian.Uint16(transport[4:])
		q.DstPort = q.SrcPort
	}
	return q, true
}
