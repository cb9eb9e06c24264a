package packet_test

import (
	"bytes"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/packet"
)

var (
	macA, macB = net.HardwareAddr{0, 0x16, 0x3e, 0, 0, 1}, net.HardwareAddr{0, 0x16, 0x3e, 0, 0, 2}
	ipA, ipB   = net.IP{10, 0, 0, 1}, net.IP{10, 0, 0, 2}
	ip6A, ip6B = net.ParseIP("fe80::1"), net.ParseIP("fe80::2")
)

// build makes a frame of layers, right in all lengths and sums.
func build(t testing.TB, l ...gopacket.SerializableLayer) []byte {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, l...))
	return b.Bytes()
}

func ether(kind layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: macA, DstMAC: macB, EthernetType: kind}
}

func ipv4(protocol layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, Id: 0xfffe, Protocol: protocol, SrcIP: ipA, DstIP: ipB}
}

func ipv6(next layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: next, SrcIP: ip6A, DstIP: ip6B}
}

func noise(n int) gopacket.Payload {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

func tcp4(t testing.TB, n int) []byte {
	ip := ipv4(layers.IPProtocolTCP)
	tcp := &layers.TCP{
		SrcPort: 1000, DstPort: 80, Seq: 0xffffff00, Ack: 7, ACK: true, PSH: true, FIN: true, CWR: true, Window: 500,
		Options: []layers.TCPOption{{OptionType: layers.TCPOptionKindTimestamps, OptionData: make([]byte, 8), OptionLength: 10}},
	}
	require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
	return build(t, ether(layers.EthernetTypeIPv4), ip, tcp, noise(n))
}

func tcp6(t testing.TB, n int) []byte {
	ip := ipv6(layers.IPProtocolTCP)
	tcp := &layers.TCP{SrcPort: 1000, DstPort: 80, Seq: 99, ACK: true, PSH: true}
	require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
	return build(t, ether(layers.EthernetTypeIPv6), ip, tcp, noise(n))
}

func udp4(t testing.TB, n int) []byte {
	ip := ipv4(layers.IPProtocolUDP)
	udp := &layers.UDP{SrcPort: 1000, DstPort: 53}
	require.NoError(t, udp.SetNetworkLayerForChecksum(ip))
	return build(t, ether(layers.EthernetTypeIPv4), ip, udp, noise(n))
}

func udp6(t testing.TB, n int) []byte {
	ip := ipv6(layers.IPProtocolUDP)
	udp := &layers.UDP{SrcPort: 1000, DstPort: 53}
	require.NoError(t, udp.SetNetworkLayerForChecksum(ip))
	return build(t, ether(layers.EthernetTypeIPv6), ip, udp, noise(n))
}

func ping(t testing.TB) []byte {
	return build(t, ether(layers.EthernetTypeIPv4), ipv4(layers.IPProtocolICMPv4),
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 77, Seq: 1}, noise(56))
}

func parse(t testing.TB, frame []byte) packet.Info {
	t.Helper()
	info, err := packet.Parse(frame)
	require.NoError(t, err)
	return info
}

func TestParse(t *testing.T) {
	info := parse(t, tcp4(t, 100))
	assert.Equal(t, 14, info.Network)
	assert.Equal(t, 34, info.Transport)
	assert.Equal(t, 34+32, info.Payload)
	assert.Equal(t, 34+32+100, info.End)
	assert.EqualValues(t, 1000, info.SrcPort)
	assert.EqualValues(t, 80, info.DstPort)
	assert.Equal(t, "10.0.0.1", info.Src.String())
	assert.Equal(t, "10.0.0.2", info.Dst.String())
	assert.EqualValues(t, packet.TCP, info.Protocol)

	info = parse(t, append(udp4(t, 1), make([]byte, 17)...))
	assert.Equal(t, 43, info.End, "padding is not the packet's")

	info = parse(t, ping(t))
	assert.EqualValues(t, 77, info.SrcPort)
	assert.EqualValues(t, 77, info.DstPort)

	info = parse(t, udp6(t, 5))
	assert.Equal(t, "fe80::1", info.Src.String())
	assert.EqualValues(t, 53, info.DstPort)

	info = parse(t, build(t, ether(layers.EthernetTypeARP), &layers.ARP{SourceHwAddress: macA, SourceProtAddress: ipA, DstHwAddress: macB, DstProtAddress: ipB}))
	assert.EqualValues(t, packet.ARP, info.EtherType)
	assert.Zero(t, info.Transport)
}

// change returns a copy of a frame with some bytes replaced.
func change(frame []byte, at int, b ...byte) []byte {
	frame = bytes.Clone(frame)
	copy(frame[at:], b)
	return frame
}

func TestMalformed(t *testing.T) {
	t4, u4, t6, p := tcp4(t, 10), udp4(t, 10), tcp6(t, 10), ping(t)
	for name, frame := range map[string][]byte{
		"no IPv4 header":         t4[:33],
		"version 6 as IPv4":      change(t4, 14, 0x65),
		"header of 16 bytes":     change(t4, 14, 0x44),
		"header over the end":    change(u4, 14, 0x4f),
		"total below the header": change(t4, 16, 0, 19),
		"total over the end":     change(t4, 16, 0xff, 0xff),
		"no TCP header":          change(t4, 16, 0, 39),
		"TCP header of 16 bytes": change(t4, 46, 0x40),
		"TCP header over end":    change(t4, 46, 0xf0),
		"TCP fragment at 8":      change(t4, 20, 0, 1),
		"UDP length 7":           change(u4, 38, 0, 7),
		"UDP length over end":    change(u4, 38, 0, 19),
		"no UDP header":          change(u4, 16, 0, 27),
		"ICMP of 7 bytes":        change(p, 16, 0, 27),
		"no IPv6 header":         t6[:53],
		"version 4 as IPv6":      change(t6, 14, 0x45),
		"IPv6 over the end":      change(t6, 18, 0xff, 0xff),
		"IPv6 with no header":    change(t6, 18, 0, 0),
		"extension over the end": change(t6, 20, 60),
		"extensions for ever":    build(t, ether(layers.EthernetTypeIPv6), ipv6(60), gopacket.Payload(bytes.Repeat([]byte{60, 0, 0, 0, 0, 0, 0, 0}, 20))),
		"two fragment headers":   build(t, ether(layers.EthernetTypeIPv6), ipv6(44), gopacket.Payload("\x2c\x00\x00\x01\x00\x00\x00\x00\x11\x00\x00\x01\x00\x00\x00\x00")),
	} {
		_, err := packet.Parse(frame)
		assert.ErrorIs(t, err, packet.ErrMalformed, name)
	}
	_, err := packet.Parse(t4[:13])
	assert.ErrorIs(t, err, packet.ErrShort)
}

func TestFragments(t *testing.T) {
	u4 := udp4(t, 100)
	info := parse(t, change(u4, 20, 0x20, 0))
	assert.True(t, info.Part)
	assert.False(t, info.Later)
	assert.EqualValues(t, 53, info.DstPort)
	info = parse(t, change(u4, 20, 0, 5))
	assert.True(t, info.Part)
	assert.True(t, info.Later)
	assert.Zero(t, info.DstPort)
	assert.Zero(t, info.Transport)

	u6 := udp6(t, 100)
	for where, later := range map[string]bool{"\x00\x01": false, "\x00\x10": true} {
		info = parse(t, build(t, ether(layers.EthernetTypeIPv6), ipv6(44), gopacket.Payload("\x11\x00"+where+"\x00\x00\x00\x09"+string(u6[54:]))))
		assert.True(t, info.Part)
		assert.Equal(t, later, info.Later)
		assert.Equal(t, !later, info.DstPort == 53)
	}
	info = parse(t, build(t, ether(layers.EthernetTypeIPv6), ipv6(0), gopacket.Payload("\x11\x00\x01\x04\x00\x00\x00\x00"+string(u6[54:]))))
	assert.EqualValues(t, packet.UDP, info.Protocol)
	assert.EqualValues(t, 53, info.DstPort)
}

// TestFill: sums are those that gopacket computes.
func TestFill(t *testing.T) {
	for range 50 {
		n := rand.IntN(3000)
		for _, want := range [][]byte{tcp4(t, n), tcp6(t, n), udp4(t, n), udp6(t, n)} {
			info := parse(t, want)
			f := packet.Frame{Data: append(bytes.Clone(want), 1, 2, 3), Blank: true}
			at := info.Transport + 16
			if info.Protocol == packet.UDP {
				at = info.Transport + 6
			}
			require.NoError(t, info.Check(&f))
			info.Seed(&f)
			require.False(t, bytes.Equal(want[at:at+2], f.Data[at:at+2]) && bytes.Equal(want[at-2:at+2], []byte{0, 0, 0, 0}))
			info.Fill(&f)
			assert.Equal(t, want, f.Data[:len(want)])
			assert.Equal(t, []byte{1, 2, 3}, f.Data[len(want):])
			assert.Equal(t, []bool{false, true}, []bool{f.Blank, f.Checked})
		}
	}
}

// TestUDPSumOfZero: it is sent as its other form.
func TestUDPSumOfZero(t *testing.T) {
	frame := udp4(t, 2)
	info := parse(t, frame)
	f := packet.Frame{Data: frame}
	sum := uint16(frame[info.Transport+6])<<8 | uint16(frame[info.Transport+7])
	data := uint16(frame[info.Payload])<<8 | uint16(frame[info.Payload+1])
	total := uint32(data) + uint32(sum)
	data = uint16(total + total>>16)
	frame[info.Payload], frame[info.Payload+1] = byte(data>>8), byte(data)
	info.Fill(&f)
	assert.Equal(t, []byte{0xff, 0xff}, f.Data[info.Transport+6:info.Transport+8])
}

func TestCheck(t *testing.T) {
	t4, t6, u4, p := tcp4(t, 5000), tcp6(t, 5000), udp4(t, 5000), ping(t)
	check := func(f packet.Frame) error {
		info := parse(t, f.Data)
		return info.Check(&f)
	}
	good := []packet.Frame{{Data: p}, {Data: t4, Blank: true}, {Data: u4, Blank: true}, {Data: t4, Segments: packet.TCPv4, MSS: 64}, {Data: t6, Segments: packet.TCPv6, MSS: 1440}}
	for i := range good {
		assert.NoError(t, check(good[i]), i)
	}
	for name, f := range map[string]packet.Frame{
		"ICMP sum":         {Data: p, Blank: true},
		"fragment's sum":   {Data: change(u4, 20, 0x20, 0), Blank: true},
		"UDP in segments":  {Data: u4, Segments: packet.TCPv4, MSS: 1000},
		"IPv4 as IPv6":     {Data: t4, Segments: packet.TCPv6, MSS: 1000},
		"IPv6 as IPv4":     {Data: t6, Segments: packet.TCPv4, MSS: 1000},
		"another kind":     {Data: t6, Segments: 3, MSS: 1000},
		"no size":          {Data: t4, Segments: packet.TCPv4},
		"tiny segments":    {Data: t4, Segments: packet.TCPv4, MSS: 63},
		"padded":           {Data: append(bytes.Clone(t4), 0), Segments: packet.TCPv4, MSS: 1000},
		"many connections": {Data: change(t4, 47, packet.SYN), Segments: packet.TCPv4, MSS: 1000},
	} {
		assert.ErrorIs(t, check(f), packet.ErrOffload, name)
	}
	f := packet.Frame{Data: t4, Segments: packet.TCPv4, MSS: 5000}
	info := parse(t, t4)
	require.NoError(t, info.Check(&f))
	assert.Equal(t, packet.Whole, f.Segments)
	assert.True(t, f.Blank)
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		f    packet.Frame
		need packet.Takes
	}{
		{packet.Frame{Data: tcp4(t, 500)}, 0},
		{packet.Frame{Data: tcp4(t, 500), Blank: true}, packet.TakesBlank4},
		{packet.Frame{Data: udp6(t, 500), Blank: true}, packet.TakesBlank6},
		{packet.Frame{Data: tcp4(t, 500), Segments: packet.TCPv4, MSS: 100}, packet.TakesBlank4 | packet.TakesTCPv4},
		{packet.Frame{Data: tcp6(t, 500), Segments: packet.TCPv6, MSS: 100}, packet.TakesBlank6 | packet.TakesTCPv6},
	} {
		info := parse(t, c.f.Data)
		require.NoError(t, info.Check(&c.f))
		for takes := range packet.TakesAll + 1 {
			assert.Equal(t, c.need&takes == c.need, info.Fits(&c.f, takes))
		}
	}
}

// TestCut: the segments are right, as gopacket sees them, and together are the frame.
func TestCut(t *testing.T) {
	for _, c := range []struct {
		frame []byte
		kind  packet.Segments
	}{{tcp4(t, 60000), packet.TCPv4}, {tcp6(t, 60000), packet.TCPv6}, {tcp4(t, 1461), packet.TCPv4}, {tcp4(t, 2920), packet.TCPv4}} {
		for _, mss := range []uint16{64, 536, 1459, 1460, 9000} {
			f := packet.Frame{Data: c.frame, Segments: c.kind, MSS: mss}
			info := parse(t, c.frame)
			require.NoError(t, info.Check(&f))
			if f.Segments == packet.Whole {
				continue
			}
			whole := gopacket.NewPacket(c.frame, layers.LayerTypeEthernet, gopacket.Default)
			first := whole.Layer(layers.LayerTypeTCP).(*layers.TCP)
			var data []byte
			cutter := info.Cut(&f)
			for i := 0; cutter.Length() > 0; i++ {
				s := cutter.Next(make([]byte, 10000))
				assert.True(t, s.Checked)
				p := gopacket.NewPacket(s.Data, layers.LayerTypeEthernet, gopacket.Default)
				require.Nil(t, p.ErrorLayer())
				tcp := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
				require.NoError(t, tcp.SetNetworkLayerForChecksum(p.NetworkLayer()))
				err, wrong := p.VerifyChecksums()
				require.NoError(t, err)
				require.Empty(t, wrong)
				require.Equal(t, first.Seq+uint32(len(data)), tcp.Seq)
				require.LessOrEqual(t, len(tcp.Payload), int(mss))
				data = append(data, tcp.Payload...)
				last := len(data) == len(first.Payload)
				require.Equal(t, last && first.FIN, tcp.FIN)
				require.Equal(t, last && first.PSH, tcp.PSH)
				require.Equal(t, i == 0 && first.CWR, tcp.CWR)
				require.Equal(t, first.Options, tcp.Options)
				if ip, ok := p.NetworkLayer().(*layers.IPv4); ok {
					require.Equal(t, uint16(0xfffe+i), ip.Id)
				}
			}
			assert.Equal(t, first.Payload, data)
		}
	}
}

func TestMAC(t *testing.T) {
	m, err := packet.ParseMAC("00:16:3E:01:02:ff")
	require.NoError(t, err)
	assert.Equal(t, "00:16:3e:01:02:ff", m.String())
	for _, bad := range []string{"", "00:16:3e:01:02", "01:00:00:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "02:00:5e:10:00:00:00:01", "x"} {
		_, err := packet.ParseMAC(bad)
		assert.Error(t, err, bad)
	}
}

// FuzzParse: whatever a frame holds, and says of itself, what is found lies in it, and what was checked can be done.
func FuzzParse(f *testing.F) {
	for _, frame := range [][]byte{tcp4(f, 300), tcp6(f, 300), udp4(f, 10), udp6(f, 10), ping(f)} {
		f.Add(frame, uint8(0), uint16(0), true)
		f.Add(frame, uint8(1), uint16(100), false)
		f.Add(frame, uint8(2), uint16(100), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, kind uint8, mss uint16, blank bool) {
		data = bytes.Clone(data)
		info, err := packet.Parse(data)
		if err != nil {
			return
		}
		require.LessOrEqual(t, info.End, len(data))
		require.LessOrEqual(t, info.Payload, info.End)
		require.LessOrEqual(t, info.Transport, info.End)
		frame := packet.Frame{Data: data, Segments: packet.Segments(kind), MSS: mss, Blank: blank}
		if info.Check(&frame) != nil {
			return
		}
		if frame.Segments != packet.Whole {
			left := info.End - info.Payload
			b := make([]byte, packet.MaxFrame)
			cutter := info.Cut(&frame)
			for cutter.Length() > 0 {
				s := cutter.Next(b)
				again, err := packet.Parse(s.Data)
				require.NoError(t, err)
				require.Equal(t, info.Payload, again.Payload)
				left -= again.End - again.Payload
			}
			require.Zero(t, left)
		} else if frame.Blank {
			info.Seed(&frame)
			info.Fill(&frame)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	frame := tcp4(b, 1400)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = packet.Parse(frame)
	}
}

func BenchmarkCut64KiB(b *testing.B) {
	data, room := tcp4(b, 64000), make([]byte, 2000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		f := packet.Frame{Data: data, Segments: packet.TCPv4, MSS: 1448}
		info, _ := packet.Parse(data)
		_ = info.Check(&f)
		cutter := info.Cut(&f)
		for cutter.Length() > 0 {
			cutter.Next(room)
		}
	}
}
