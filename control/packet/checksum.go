package packet

import (
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
)

// Where checksums stand in their headers.
const (
	ipv4Sum, tcpSum, udpSum, icmpSum = 10, 16, 6, 2
)

// Check tells whether what a frame says of itself can be done: ErrOffload if not. A frame to be cut is Blank from here on.
func (info *Info) Check(f *Frame) error {
	summed := info.Transport != 0 && !info.Part && (info.Protocol == TCP || info.Protocol == UDP)
	if f.Segments == Whole {
		if f.Blank && !summed {
			return ErrOffload
		}
		return nil
	}
	want := uint16(IPv4)
	if f.Segments == TCPv6 {
		want = IPv6
	}
	if !summed || info.EtherType != want || info.Protocol != TCP || f.Segments > TCPv6 || f.MSS < MinMSS || info.End != len(f.Data) {
		return ErrOffload
	}
	if info.Flags&(SYN|RST) != 0 {
		return ErrOffload
	}
	f.Blank = true
	if info.End-info.Payload <= int(f.MSS) {
		f.Segments, f.MSS = Whole, 0 // there is nothing to cut
	}
	return nil
}

// Fits tells whether somebody can take a frame as it is. The frame was checked.
func (info *Info) Fits(f *Frame, takes Takes) bool {
	need := Takes(0)
	if f.Blank {
		need = TakesBlank4
		if info.EtherType == IPv6 {
			need = TakesBlank6
		}
	}
	switch f.Segments {
	case TCPv4:
		need |= TakesTCPv4
	case TCPv6:
		need |= TakesTCPv6
	}
	return need&^takes == 0
}

// Fill computes a checksum that is Blank. The frame was checked, and is whole.
func (info *Info) Fill(f *Frame) {
	fill(f.Data[:info.End], info)
	f.Blank, f.Checked = false, true
}

// fill computes the TCP or UDP checksum of a packet, whatever stands in its place.
func fill(packet []byte, info *Info) {
	transport := packet[info.Transport:]
	if info.Protocol == TCP {
		binary.BigEndian.PutUint16(transport[tcpSum:], 0)
		binary.BigEndian.PutUint16(transport[tcpSum:], ^checksum.Checksum(transport, info.pseudo(packet)))
		return
	}
	// UDP says itself how long it is. A sum that comes out as 0 is sent as its other form, since 0 says that there is none (RFC 768).
	transport = transport[:binary.BigEndian.Uint16(transport[4:])]
	binary.BigEndian.PutUint16(transport[udpSum:], 0)
	sum := ^checksum.Checksum(transport, info.pseudo(packet))
	if sum == 0 {
		sum = 0xffff
	}
	binary.BigEndian.PutUint16(transport[udpSum:], sum)
}

// pseudo is the sum of the pseudo-header: addresses, protocol, and the length of the rest.
func (info *Info) pseudo(packet []byte) uint16 {
	addresses := packet[info.Network+12 : info.Network+20]
	if info.EtherType == IPv6 {
		addresses = packet[info.Network+8 : info.Network+40]
	}
	length := len(packet) - info.Transport
	if info.Protocol == UDP {
		length = int(binary.BigEndian.Uint16(packet[info.Transport+4:]))
	}
	return checksum.Combine(checksum.Checksum(addresses, uint16(info.Protocol)), uint16(length))
}

// Seed puts the sum of the pseudo-header into the place of a checksum that is Blank, for those that go on from there.
// The frame was checked.
func (info *Info) Seed(f *Frame) {
	at := info.Transport + tcpSum
	if info.Protocol == UDP {
		at = info.Transport + udpSum
	}
	binary.BigEndian.PutUint16(f.Data[at:], info.pseudo(f.Data[:info.End]))
}

// FillIPv4 computes the checksum of an IPv4 header.
func FillIPv4(header []byte) {
	header = header[:int(header[0]&15)*4]
	binary.BigEndian.PutUint16(header[ipv4Sum:], 0)
	binary.BigEndian.PutUint16(header[ipv4Sum:], ^checksum.Checksum(header, 0))
}
