package gateway

import (
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"

	"tuco/control/packet"
)

// echo answers a guest's ping of the gateway: the frame becomes the reply. It tells whether it is one that is answered here. All others, with
// options, in fragments, or wrong, are the stack's business, which takes some twenty times as long.
func (g *Gateway) echo(f *packet.Frame, info *packet.Info) bool {
	const headerLen, address, length, timeToLive, ttl, kind, sum, request = 20, 12, 4, 8, 64, 0, 2, packet.Echo4 << 8
	self := g.config.Book.Gateway()
	if info.EtherType != packet.IPv4 || info.Protocol != packet.ICMP || info.Part || info.Dst != self.Address || packet.Destination(f.Data) != self.MAC ||
		info.Transport != info.Network+headerLen || !g.config.Book.Network().Contains(info.Src) {
		return false
	}
	ip, message := f.Data[info.Network:info.Transport], f.Data[info.Transport:info.End]
	if binary.BigEndian.Uint16(message[kind:]) != request || checksum.Checksum(ip, 0) != 0xffff {
		return false
	}
	packet.SetAddresses(f.Data, packet.Source(f.Data), self.MAC)
	from, to := [length]byte(ip[address:]), [length]byte(ip[address+length:])
	copy(ip[address:], to[:])
	copy(ip[address+length:], from[:])
	ip[timeToLive] = ttl
	packet.FillIPv4(ip)
	// The type becomes 0, and the checksum what it is then; if it was wrong before it stays so (RFC 1624).
	binary.BigEndian.PutUint16(message[kind:], packet.EchoReply4<<8)
	binary.BigEndian.PutUint16(message[sum:], checksum.Combine(binary.BigEndian.Uint16(message[sum:]), request))
	f.Data, f.Checked = f.Data[:info.End], true
	return true
}
