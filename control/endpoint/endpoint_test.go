package endpoint_test

import (
	"bytes"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"tuco/control/endpoint"
	"tuco/control/packet"
)

const mtu = 30_000 // so that segments come that would be cut on a wire

// machine is a TCP/IP stack with an endpoint.
func machine(t *testing.T, address netip.Prefix, send func([]packet.Frame)) (*stack.Stack, *endpoint.Endpoint) {
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})
	a := address.Addr().As4()
	e, err := endpoint.New(s, "eth0", packet.MAC{2, 0, a[0], a[1], a[2], a[3]}, mtu, send)
	require.NoError(t, err)
	own := tcpip.AddressWithPrefix{Address: tcpip.AddrFrom4(a), PrefixLen: address.Bits()}
	require.Nil(t, s.AddProtocolAddress(e.NIC(), tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: own}, stack.AddressProperties{}))
	s.AddRoute(tcpip.Route{Destination: own.Subnet(), NIC: e.NIC()})
	t.Cleanup(func() {
		e.Close()
		s.Close()
	})
	return s, e
}

// blank does to frames what a guest's front end may: sums are left out, and long segments are for others to cut.
func blank(t *testing.T, frames []packet.Frame, segments *atomic.Int64) []packet.Frame {
	out := make([]packet.Frame, len(frames))
	for i := range frames {
		f := packet.Frame{Data: bytes.Clone(frames[i].Data)}
		info, err := packet.Parse(f.Data)
		assert.NoError(t, err)
		if info.EtherType == packet.IPv4 {
			f.Blank = true
			info.Seed(&f)
			if len(f.Data) > 1514 {
				segments.Add(1)
				f.Segments, f.MSS = packet.TCPv4, 1460
			}
		}
		out[i] = f
	}
	return out
}

// A stack takes frames whose checksums nobody has computed, and segments that are longer than a wire's.
func TestBlank(t *testing.T) {
	t.Parallel()
	here, there := netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("192.0.2.2/24")
	var segments atomic.Int64
	var mu sync.Mutex
	var other *endpoint.Endpoint
	a, first := machine(t, here, func(frames []packet.Frame) {
		mu.Lock()
		to := other
		mu.Unlock()
		if to != nil {
			to.Deliver(blank(t, frames, &segments))
		}
	})
	b, second := machine(t, there, func(frames []packet.Frame) { first.Deliver(blank(t, frames, &segments)) })
	mu.Lock()
	other = second
	mu.Unlock()

	at := tcpip.FullAddress{Addr: tcpip.AddrFrom4(there.Addr().As4()), Port: 7}
	packets, err := gonet.DialUDP(b, &at, nil, ipv4.ProtocolNumber)
	require.NoError(t, err)
	defer packets.Close()
	listener, err := gonet.ListenTCP(b, at, ipv4.ProtocolNumber)
	require.NoError(t, err)
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if assert.NoError(t, err) {
			_, _ = io.Copy(conn, conn)
			_ = conn.Close()
		}
	}()

	datagram, err := gonet.DialUDP(a, nil, &at, ipv4.ProtocolNumber)
	require.NoError(t, err)
	defer datagram.Close()
	_, err = datagram.Write([]byte("is anybody there?"))
	require.NoError(t, err)
	require.NoError(t, packets.SetDeadline(time.Now().Add(time.Minute)))
	room := make([]byte, 100)
	n, _, err := packets.ReadFrom(room)
	require.NoError(t, err)
	assert.Equal(t, "is anybody there?", string(room[:n]))

	conn, err := gonet.DialTCP(a, at, ipv4.ProtocolNumber)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	want, got := bytes.Repeat([]byte("0123456789abcde"), 1<<14), make([]byte, 15<<14)
	go func() { _, _ = conn.Write(want) }()
	_, err = io.ReadFull(conn, got)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, got))
	assert.Positive(t, segments.Load())
}
