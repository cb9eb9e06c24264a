package main

import (
	"encoding/binary"
	"net/netip"
)

// What stands where in the frames that are used here: Ethernet, ARP (RFC 826), IPv4 with no options, UDP, and ICMP's echo.
const (
	etherLen, ipLen = 14, 20
	typeIPv4        = 0x0800
	typeARP         = 0x0806
	protocolICMP    = 1
	protocolUDP     = 17
	echo, echoReply = 8, 0
	arpRequest      = 1
	arpReply        = 2
)

// host is an address in the network.
type host struct {
	mac [6]byte
	ip  netip.Addr
}

var everyone = [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

func ether(to, from [6]byte, kind uint16, size int) []byte {
	f := make([]byte, size)
	copy(f, to[:])
	copy(f[6:], from[:])
	binary.BigEndian.PutUint16(f[12:], kind)
	return f
}

// arp asks who a host is, or answers.
func arp(operation uint16, from, to host) []byte {
	destination := to.mac
	if operation == arpRequest {
		destination = everyone
	}
	f := ether(destination, from.mac, typeARP, etherLen+28)
	a := f[etherLen:]
	copy(a, []byte{0, 1, 8, 0, 6, 4}) // Ethernet and IPv4, addresses of 6 and 4 bytes
	binary.BigEndian.PutUint16(a[6:], operation)
	copy(a[8:], from.mac[:])
	copy(a[14:], from.ip.AsSlice())
	copy(a[18:], to.mac[:])
	copy(a[24:], to.ip.AsSlice())
	return f
}

// ipv4 is a frame with an IPv4 packet of some size, header included, and nothing behind the header.
func ipv4(protocol byte, from, to host, size int) []byte {
	f := ether(to.mac, from.mac, typeIPv4, etherLen+size)
	p := f[etherLen:]
	p[0], p[8], p[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(p[2:], uint16(size))
	copy(p[12:], from.ip.AsSlice())
	copy(p[16:], to.ip.AsSlice())
	binary.BigEndian.PutUint16(p[10:], sum(p[:ipLen]))
	return f
}

// sum is the Internet's checksum (RFC 1071).
func sum(data []byte) uint16 {
	var s uint32
	for ; len(data) > 1; data = data[2:] {
		s += uint32(binary.BigEndian.Uint16(data))
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}

// ping is a request for an echo, with as much data as Linux' ping has.
func ping(from, to host, number uint16) []byte {
	const data = 56
	f := ipv4(protocolICMP, from, to, ipLen+8+data)
	m := f[etherLen+ipLen:]
	m[0] = echo
	binary.BigEndian.PutUint16(m[6:], number)
	binary.BigEndian.PutUint16(m[2:], sum(m))
	return f
}

// datagram is a UDP packet of some size, all headers of IP included, without a checksum, which IPv4 allows.
func datagram(from, to host, size int) []byte {
	const port = 9 // discard
	f := ipv4(protocolUDP, from, to, size)
	u := f[etherLen+ipLen:]
	binary.BigEndian.PutUint16(u, port)
	binary.BigEndian.PutUint16(u[2:], port)
	binary.BigEndian.PutUint16(u[4:], uint16(len(u)))
	return f
}

// fragments is the frames of a UDP packet of some size, of which each has as much as fits into 1500 bytes (RFC 791, "Fragmentation and Reassembly").
func fragments(from, to host, size int) (frames [][]byte) {
	const most, moreFragments, unit = 1480, 1 << 13, 8
	whole := datagram(from, to, size)[etherLen+ipLen:]
	for at := 0; at < len(whole); at += most {
		part := whole[at:min(at+most, len(whole))]
		f := ipv4(protocolUDP, from, to, ipLen+len(part))
		p := f[etherLen:]
		copy(p[ipLen:], part)
		where := uint16(at / unit)
		if at+most < len(whole) {
			where |= moreFragments
		}
		binary.BigEndian.PutUint16(p[4:], 1) // the packet's number
		binary.BigEndian.PutUint16(p[6:], where)
		p[10], p[11] = 0, 0
		binary.BigEndian.PutUint16(p[10:], sum(p[:ipLen]))
		frames = append(frames, f)
	}
	return frames
}

// What the first byte of a datagram's data says.
const (
	mark        = etherLen + ipLen + 8
	markReceipt = 1 // the receiver is asked to answer with one like it, or this is that answer
	markEnd     = 2 // nothing more will come
	markIdle    = 3 // the receiver is asked for how long CPUs were idle, or this is the answer, with that number behind it
)

// marked is a datagram with a mark and nothing else.
func marked(from, to host, m byte) []byte {
	f := datagram(from, to, ipLen+8+1)
	f[mark] = m
	return f
}

// idleReply says for how many ticks CPUs were idle.
func idleReply(from, to host, ticks uint64) []byte {
	f := datagram(from, to, ipLen+8+1+8)
	f[mark] = markIdle
	binary.LittleEndian.PutUint64(f[mark+1:], ticks)
	return f
}

// sender is who has sent an IPv4 packet.
func sender(f []byte) host {
	return host{[6]byte(f[6:12]), netip.AddrFrom4([4]byte(f[etherLen+12 : etherLen+16]))}
}

// markOf is the mark of a frame: 0 if it has none.
func markOf(f []byte) byte {
	if len(f) <= mark || f[etherLen+9] != protocolUDP {
		return 0
	}
	return f[mark]
}
