package netfront

import "encoding/binary"

// Numbers of protocols, and sizes of headers.
const (
	etherIPv4, etherIPv6, etherVLAN = 0x0800, 0x86dd, 0x8100
	protocolTCP, protocolUDP        = 6, 17
	vlanTag                         = 4
	ipv4Header, ipv6Header          = 20, 40
)

// fillChecksum computes the TCP or UDP checksum of a frame, whatever stands in its place. It tells whether the frame has one.
// The frame may be anything.
func fillChecksum(frame []byte) bool {
	at, kind := MinFrame, binary.BigEndian.Uint16(frame[MinFrame-2:])
	if kind == etherVLAN && len(frame) >= MinFrame+vlanTag {
		at, kind = at+vlanTag, binary.BigEndian.Uint16(frame[at+2:])
	}
	packet := frame[at:]
	var addresses, segment []byte
	var protocol byte
	switch {
	case kind == etherIPv4 && len(packet) >= ipv4Header:
		header, total := int(packet[0]&15)*4, int(binary.BigEndian.Uint16(packet[2:]))
		fragment := binary.BigEndian.Uint16(packet[6:])&0x3fff != 0 // one of several, which has no whole segment
		if packet[0]>>4 != 4 || header < ipv4Header || total < header || total > len(packet) || fragment {
			return false
		}
		addresses, segment, protocol = packet[12:20], packet[header:total], packet[9]
	case kind == etherIPv6 && len(packet) >= ipv6Header: // with no header in between: nobody leaves a checksum blank there
		length := int(binary.BigEndian.Uint16(packet[4:]))
		if packet[0]>>4 != 6 || length > len(packet)-ipv6Header {
			return false
		}
		addresses, segment, protocol = packet[8:40], packet[ipv6Header:][:length], packet[6]
	default:
		return false
	}
	var place []byte
	switch {
	case protocol == protocolTCP && len(segment) >= 20:
		place = segment[16:18]
	case protocol == protocolUDP && len(segment) >= 8:
		place = segment[6:8]
	default:
		return false
	}
	place[0], place[1] = 0, 0
	// RFC 9293 and RFC 768: the pseudo header is addresses, protocol and length.
	sum := add(add(uint64(protocol)+uint64(len(segment)), addresses), segment)
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	result := ^uint16(sum)
	if result == 0 && protocol == protocolUDP {
		result = 0xffff // 0 would mean that there is none
	}
	binary.BigEndian.PutUint16(place, result)
	return true
}

// add adds words of 16 bits. The carries are left in the upper part, where there is room for those of 2⁴⁸ words.
func add(sum uint64, b []byte) uint64 {
	for ; len(b) >= 2; b = b[2:] {
		sum += uint64(b[0])<<8 | uint64(b[1])
	}
	if len(b) == 1 {
		sum += uint64(b[0]) << 8
	}
	return sum
}
