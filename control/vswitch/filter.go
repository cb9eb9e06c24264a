package vswitch

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"

	"tuco/control/packet"
)

// Ports of DHCP, and of its kin for IPv6.
const (
	dhcpServer, dhcpClient   = 67, 68
	dhcp6Server, dhcp6Client = 547, 546
)

// own tells whether a port that is not trusted may have sent a frame.
func (p *Port) own(data []byte, info *packet.Info) bool {
	if packet.Source(data) != p.options.MAC {
		return false
	}
	switch info.EtherType {
	case packet.ARP:
		return p.ownARP(data)
	case packet.IPv4:
		if info.Protocol == packet.UDP && !info.Later && info.SrcPort == dhcpServer {
			return false
		}
		if info.Src.IsUnspecified() {
			return info.Protocol == packet.UDP && !info.Part && info.SrcPort == dhcpClient && info.DstPort == dhcpServer
		}
		return slices.Contains(p.addresses, info.Src)
	case packet.IPv6:
		return p.options.IPv6 && p.ownIPv6(data, info)
	}
	return false
}

// ownARP tells whether the sender that an ARP packet names is the port. One that asks whether an address is free names none.
func (p *Port) ownARP(data []byte) bool {
	const length, mac, address = 28, 8, 14
	if len(data) < packet.HeaderLen+length {
		return false
	}
	a := data[packet.HeaderLen:]
	// Ethernet and IPv4, addresses of 6 and 4 bytes.
	if !bytes.Equal(a[:6], []byte{0, 1, 8, 0, 6, 4}) || packet.MAC(a[mac:mac+6]) != p.options.MAC {
		return false
	}
	const request, reply = 1, 2
	switch sender := netip.AddrFrom4([4]byte(a[address : address+4])); binary.BigEndian.Uint16(a[6:]) {
	case request:
		return sender.IsUnspecified() || slices.Contains(p.addresses, sender)
	case reply:
		return slices.Contains(p.addresses, sender)
	}
	return false
}

// Types of ICMPv6 messages that routers send, and of those that say who has an address.
const (
	routerAdvertisement, neighborAdvertisement, redirect = 134, 136, 137
)

func (p *Port) ownIPv6(data []byte, info *packet.Info) bool {
	switch {
	case info.Src.IsUnspecified():
		// Is the address free? Who else is there? Both are ICMPv6.
		if info.Protocol != packet.ICMPv6 {
			return false
		}
	case info.Src != p.linkLocal() && !slices.Contains(p.addresses, info.Src):
		return false
	}
	switch info.Protocol {
	case packet.UDP:
		return info.Later || info.SrcPort != dhcp6Server
	case packet.ICMPv6:
		if info.Part {
			return false // what a fragment says can't be seen
		}
		switch data[info.Transport] {
		case routerAdvertisement, redirect:
			return false
		case neighborAdvertisement:
			const target = 8
			a := data[info.Transport:info.End]
			if len(a) < target+16 {
				return false
			}
			whose := netip.AddrFrom16([16]byte(a[target : target+16]))
			return whose == p.linkLocal() || slices.Contains(p.addresses, whose)
		}
	}
	return true
}

// linkLocal is the IPv6 address that follows from the MAC (RFC 4291, "Modified EUI-64").
func (p *Port) linkLocal() netip.Addr {
	m := p.options.MAC
	return netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80, 8: m[0] ^ 2, 9: m[1], 10: m[2], 11: 0xff, 12: 0xfe, 13: m[3], 14: m[4], 15: m[5]})
}
