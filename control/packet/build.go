package packet

import (
	"encoding/binary"
	"net/netip"
)

// MakeUDP makes a frame with a UDP packet of IPv4.
func MakeUDP(destination, source MAC, from, to netip.AddrPort, data []byte) []byte {
	const headers, versionAndLength, timeToLive = HeaderLen + ipv4Len + udpLen, 0x45, 64
	frame := make([]byte, headers+len(data))
	SetAddresses(frame, destination, source)
	binary.BigEndian.PutUint16(frame[12:], IPv4)

	ip := frame[HeaderLen:]
	ip[0], ip[8], ip[9] = versionAndLength, timeToLive, UDP
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
	src, dst := from.Addr().As4(), to.Addr().As4()
	copy(ip[12:], src[:])
	copy(ip[16:], dst[:])
	FillIPv4(ip)

	udp := ip[ipv4Len:]
	binary.BigEndian.PutUint16(udp[0:], from.Port())
	binary.BigEndian.PutUint16(udp[2:], to.Port())
	binary.BigEndian.PutUint16(udp[4:], uint16(len(udp)))
	copy(udp[udpLen:], data)
	info := Info{EtherType: IPv4, Protocol: UDP, Network: HeaderLen, Transport: HeaderLen + ipv4Len, End: len(frame)}
	fill(frame, &info)
	return frame
}
