package packet

import (
	"encoding/binary"
	"net/netip"
)

// Extension headers of IPv6 that may stand before the transport header (RFC 8200).
const (
	hopByHop, routing, fragment, options = 0, 43, 44, 60
)

// maxExtensions is how many of them a packet may have. Honest ones have one or two.
const maxExtensions = 6

func (info *Info) ipv6(data []byte) error {
	p := data[info.Network:]
	if len(p) < ipv6Len || p[0]>>4 != 6 {
		return ErrMalformed
	}
	length := int(binary.BigEndian.Uint16(p[4:]))
	if ipv6Len+length > len(p) {
		return ErrMalformed
	}
	info.Src, info.Dst = netip.AddrFrom16([16]byte(p[8:24])), netip.AddrFrom16([16]byte(p[24:40]))
	info.Protocol, info.End = p[6], info.Network+ipv6Len+length
	at := info.Network + ipv6Len
	for range maxExtensions {
		const least = 8
		p := data[at:info.End]
		switch info.Protocol {
		case hopByHop, routing, options:
			if len(p) < least || len(p) < int(p[1])*8+least {
				return ErrMalformed
			}
			info.Protocol, at = p[0], at+int(p[1])*8+least
		case fragment:
			if len(p) < least || info.Part {
				return ErrMalformed
			}
			const more, offset = 1, 0xfff8
			where := binary.BigEndian.Uint16(p[2:])
			info.Part, info.Later = where&(more|offset) != 0, where&offset != 0
			info.Protocol, at = p[0], at+least
			if info.Later {
				return nil // what follows is the middle of something
			}
		default:
			return info.transport(data, at)
		}
	}
	return ErrMalformed
}
