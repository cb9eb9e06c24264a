package packet_test

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/packet"
)

// made is a packet with some addresses and ports, as gopacket makes it.
func made(t testing.TB, src, dst netip.AddrPort, ttl uint8, transport gopacket.SerializableLayer, data []byte) []byte {
	header := &layers.IPv4{Version: 4, TTL: ttl, SrcIP: src.Addr().AsSlice(), DstIP: dst.Addr().AsSlice()}
	switch l := transport.(type) {
	case *layers.TCP:
		header.Protocol, l.SrcPort, l.DstPort = layers.IPProtocolTCP, layers.TCPPort(src.Port()), layers.TCPPort(dst.Port())
		require.NoError(t, l.SetNetworkLayerForChecksum(header))
	case *layers.UDP:
		header.Protocol, l.SrcPort, l.DstPort = layers.IPProtocolUDP, layers.UDPPort(src.Port()), layers.UDPPort(dst.Port())
		require.NoError(t, l.SetNetworkLayerForChecksum(header))
	case *layers.ICMPv4:
		header.Protocol, l.Id = layers.IPProtocolICMPv4, src.Port()
	}
	return build(t, ether(layers.EthernetTypeIPv4), header, transport, gopacket.Payload(data))
}

var (
	guest  = netip.MustParseAddrPort("10.0.0.7:4000")
	uplink = netip.MustParseAddrPort("192.168.1.2:50000")
	remote = netip.MustParseAddrPort("93.184.216.34:443")
)

// TestRewrite: a packet whose source or destination was changed is the one that gopacket makes with the other.
func TestRewrite(t *testing.T) {
	for n := range 200 {
		data := noise(n)
		for _, transport := range []gopacket.SerializableLayer{
			&layers.TCP{ACK: true, Seq: uint32(n)}, &layers.UDP{}, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Seq: uint16(n)},
		} {
			for _, blank := range []bool{false, true} {
				from, to := guest, uplink
				_, echo := transport.(*layers.ICMPv4)
				if echo && blank {
					continue
				}
				before, after := made(t, from, remote, 64, transport, data), made(t, to, remote, 63, transport, data)
				f, want := packet.Frame{Data: before, Blank: blank}, packet.Frame{Data: after, Blank: blank}
				info, wantInfo := parse(t, before), parse(t, after)
				if blank {
					info.Seed(&f)
					wantInfo.Seed(&want)
				}
				info.SetSource(&f, to)
				require.True(t, info.Hop(&f))
				require.Equal(t, want.Data, f.Data)
				require.Equal(t, wantInfo, info)

				if echo {
					continue // its identifier is the same both ways
				}
				before, after = made(t, remote, to, 64, transport, data), made(t, remote, from, 63, transport, data)
				f, want = packet.Frame{Data: before, Blank: blank}, packet.Frame{Data: after, Blank: blank}
				info, wantInfo = parse(t, before), parse(t, after)
				if blank {
					info.Seed(&f)
					wantInfo.Seed(&want)
				}
				info.SetDestination(&f, from)
				require.True(t, info.Hop(&f))
				require.Equal(t, want.Data, f.Data)
				require.Equal(t, wantInfo, info)
			}
		}
	}
}

// TestNoUDPSum: where there is none there is none afterwards.
func TestNoUDPSum(t *testing.T) {
	frame := made(t, guest, remote, 64, &layers.UDP{}, []byte("data"))
	frame[40], frame[41] = 0, 0
	f, info := packet.Frame{Data: frame}, parse(t, frame)
	info.SetSource(&f, uplink)
	assert.Equal(t, []byte{0, 0}, f.Data[40:42])
	info, err := packet.Parse(f.Data)
	require.NoError(t, err)
	assert.Equal(t, uplink, netip.AddrPortFrom(info.Src, info.SrcPort))
}

func TestHop(t *testing.T) {
	for ttl, good := range map[uint8]bool{0: false, 1: false, 2: true, 255: true} {
		f := packet.Frame{Data: made(t, guest, remote, ttl, &layers.UDP{}, nil)}
		info := parse(t, f.Data)
		assert.Equal(t, good, info.Hop(&f), ttl)
	}
	f := packet.Frame{Data: made(t, guest, remote, 9, &layers.UDP{}, nil)}
	info := parse(t, f.Data)
	assert.False(t, info.Options(&f))
	f.Data = change(tcp4(t, 20), 14, 0x46)
	assert.True(t, info.Options(&f))
}

// TestQuote: an error about a packet that was changed becomes one about the packet as it was.
func TestQuote(t *testing.T) {
	for name, c := range map[string]struct {
		transport gopacket.SerializableLayer
		quoted    int
	}{"TCP": {&layers.TCP{SYN: true}, 28}, "UDP": {&layers.UDP{}, 60}, "ICMP": {&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0)}, 40}} {
		t.Run(name, func(t *testing.T) {
			about := func(src netip.AddrPort) []byte {
				quote := made(t, src, remote, 60, c.transport, make([]byte, 40))[14 : 14+c.quoted]
				if name == "TCP" {
					binary.BigEndian.PutUint32(quote[24:], 0)
				}
				return build(t, ether(layers.EthernetTypeIPv4), &layers.IPv4{
					Version: 4, TTL: 64, Protocol: layers.IPProtocolICMPv4, SrcIP: net.IP{1, 2, 3, 4}, DstIP: ipA,
				}, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 4), Seq: 1400}, gopacket.Payload(quote))
			}
			f, want := packet.Frame{Data: about(uplink)}, about(guest)
			info := parse(t, f.Data)
			q, ok := info.Error(f.Data)
			require.True(t, ok)
			assert.Equal(t, uplink, netip.AddrPortFrom(q.Src, q.SrcPort))
			assert.Equal(t, remote.Addr(), q.Dst)
			info.SetQuotedSource(&f, &q, guest)
			assert.Equal(t, want, f.Data)

			for cut := 15; cut < len(f.Data)-34; cut++ { // whatever is left of it, no index is outside
				short := bytes.Clone(f.Data[:34+cut])
				binary.BigEndian.PutUint16(short[16:], uint16(20+cut))
				info, err := packet.Parse(short)
				require.NoError(t, err)
				if q, ok := info.Error(short); ok {
					require.LessOrEqual(t, q.Transport+8, len(short))
					info.SetQuotedDestination(&packet.Frame{Data: short}, &q, guest)
				}
			}
		})
	}
	info := parse(t, ping(t))
	_, ok := info.Error(ping(t))
	assert.False(t, ok)
}

func TestMakeUDP(t *testing.T) {
	data := []byte("some data that makes the frame long enough for no padding")
	want := made(t, guest, remote, 64, &layers.UDP{}, data)
	assert.Equal(t, want, packet.MakeUDP(packet.MAC(macB), packet.MAC(macA), guest, remote, data))
}
