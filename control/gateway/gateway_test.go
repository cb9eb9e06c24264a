package gateway_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/waiter"

	"tuco/control/capture"
	"tuco/control/gateway"
	"tuco/control/hosts"
	"tuco/control/packet"
	"tuco/control/vswitch"
)

// ping sends an echo request and waits for the reply, if there is to be one.
func (m *machine) ping(t testing.TB, to netip.Addr, data []byte) (reply []byte) {
	var wq waiter.Queue
	e, err := m.NewEndpoint(icmp.ProtocolNumber4, ipv4.ProtocolNumber, &wq)
	require.Nil(t, err)
	defer e.Close()
	entry, ready := waiter.NewChannelEntry(waiter.ReadableEvents)
	wq.EventRegister(&entry)
	defer wq.EventUnregister(&entry)
	request := header.ICMPv4(append(make([]byte, header.ICMPv4MinimumSize), data...))
	request.SetType(header.ICMPv4Echo)
	_, err = e.Write(bytes.NewReader(request), tcpip.WriteOptions{To: &tcpip.FullAddress{Addr: addressOf(to)}})
	require.Nil(t, err)
	select {
	case <-ready:
	case <-time.After(time.Minute):
		require.Fail(t, "no reply")
	}
	var b bytes.Buffer
	_, err = e.Read(&b, tcpip.ReadOptions{})
	require.Nil(t, err)
	require.Equal(t, header.ICMPv4EchoReply, header.ICMPv4(b.Bytes()).Type())
	return b.Bytes()[header.ICMPv4MinimumSize:]
}

func TestPing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.guest("a", 1), w.guest("b", 2)
	data := []byte("all is well")
	for _, to := range []netip.Addr{b.address, network.Addr(), router.Addr(), server.Addr()} {
		assert.Equal(t, data, a.ping(t, to, data), to)
	}
	assert.Equal(t, data, w.far.ping(t, uplink.Addr(), data), "the host itself")
}

// collect keeps what comes.
type collect struct{ frames [][]byte }

func (c *collect) Deliver(frames []packet.Frame) {
	for _, f := range frames {
		c.frames = append(c.frames, bytes.Clone(f.Data))
	}
}

// A plain ping of the gateway is answered at once. What is wrong with one is not made right.
func TestEcho(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *gateway.Config) { c.Uplink = nil })
	h, port, s := w.plug("a", 1)
	var got collect
	s.set(&got)
	frame := func() []byte {
		b := gopacket.NewSerializeBuffer()
		require.NoError(t, gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
			&layers.Ethernet{SrcMAC: h.MAC[:], DstMAC: gatewayMAC[:], EthernetType: layers.EthernetTypeIPv4},
			&layers.IPv4{Version: 4, TTL: 3, Id: 9, Protocol: layers.IPProtocolICMPv4, SrcIP: h.Address.AsSlice(), DstIP: network.Addr().AsSlice()},
			&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoRequest, 0), Id: 77, Seq: 5}, gopacket.Payload("an odd number of bytes.")))
		return append(b.Bytes(), 0, 0) // padding
	}
	send := func(f []byte) { port.Receive([]packet.Frame{{Data: f}}) }
	send(frame())
	require.Len(t, got.frames, 1)
	p := gopacket.NewPacket(got.frames[0], layers.LayerTypeEthernet, gopacket.Default)
	ip, icmp := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4), p.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4)
	assert.Equal(t, h.MAC[:], []byte(p.LinkLayer().(*layers.Ethernet).DstMAC))
	assert.Equal(t, gatewayMAC[:], []byte(p.LinkLayer().(*layers.Ethernet).SrcMAC))
	assert.True(t, ip.SrcIP.Equal(network.Addr().AsSlice()) && ip.DstIP.Equal(h.Address.AsSlice()))
	assert.EqualValues(t, 64, ip.TTL)
	assert.Equal(t, layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoReply, 0), icmp.TypeCode)
	assert.Equal(t, []uint16{77, 5}, []uint16{icmp.Id, icmp.Seq})
	assert.Equal(t, "an odd number of bytes.", string(icmp.Payload))
	const ipHeader, icmpHeader = 14, 34
	assert.EqualValues(t, 0xffff, header.IPv4(got.frames[0][ipHeader:]).CalculateChecksum())
	assert.EqualValues(t, 0xffff, checksum.Checksum(got.frames[0][icmpHeader:], 0), "the sum is right")

	spoilt := frame()
	spoilt[len(spoilt)-3]++ // the last byte of the data
	send(spoilt)
	require.Len(t, got.frames, 2)
	assert.NotEqualValues(t, 0xffff, checksum.Checksum(got.frames[1][icmpHeader:], 0), "the sum stays wrong")

	spoilt = frame()
	spoilt[ipHeader+8]++ // the time to live, and not the header's sum
	send(spoilt)
	assert.Len(t, got.frames, 2)
}

// echo answers connections with what they send, and then with who they are.
func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			who := c.RemoteAddr().String()
			_, _ = io.Copy(c, c)
			_, _ = io.WriteString(c, who)
		}()
	}
}

// exchange sends data and gets them back, and the address that the other side sees.
func exchange(t testing.TB, c net.Conn, data []byte) netip.AddrPort {
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := c.Write(data)
		assert.NoError(t, err)
		assert.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())
	})
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	wg.Wait()
	require.GreaterOrEqual(t, len(got), len(data))
	require.True(t, bytes.Equal(data, got[:len(data)]))
	who, err := netip.ParseAddrPort(string(got[len(data):]))
	require.NoError(t, err)
	return who
}

// TestTCP: data of some size to the outside and back, and between guests.
func TestTCP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.guest("a", 1), w.guest("b", 2)
	go echo(w.far.listen(t, 80))
	go echo(b.listen(t, 80))
	data := pattern(1 << 18)
	c, err := a.dial(netip.AddrPortFrom(server.Addr(), 80))
	require.NoError(t, err)
	assert.Equal(t, uplink.Addr(), exchange(t, c, data).Addr(), "the outside sees the host")
	c, err = a.dial(netip.AddrPortFrom(b.address, 80))
	require.NoError(t, err)
	assert.Equal(t, a.address, exchange(t, c, data).Addr(), "guests see each other")
	_, err = a.dial(netip.AddrPortFrom(server.Addr(), 81))
	assert.ErrorContains(t, err, "refused", "the reset comes back")
	assert.Zero(t, w.gateway.Stats.Malformed.Load())
}

func TestUDP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.guest("a", 1), w.guest("b", 2)
	far := w.far.udp(t, 7, nil)
	go func() {
		room := make([]byte, 2000)
		for {
			n, from, err := far.ReadFrom(room)
			if err != nil {
				return
			}
			_, _ = far.WriteTo(append(room[:n:n], from.String()...), from)
		}
	}()
	to := netip.AddrPortFrom(server.Addr(), 7)
	seen := map[string]bool{}
	for _, m := range []*machine{a, b} { // both from the same port
		c := m.udp(t, 4000, &to)
		_, err := c.Write([]byte("hello "))
		require.NoError(t, err)
		room := make([]byte, 2000)
		n, err := c.Read(room)
		require.NoError(t, err)
		assert.Regexp(t, `^hello 192\.168\.1\.2:\d+$`, string(room[:n]))
		seen[string(room[:n])] = true
	}
	assert.Len(t, seen, 2, "each has a port of its own there")

	nobody := netip.AddrPortFrom(server.Addr(), 9)
	c := a.udp(t, 4001, &nobody)
	_, err := c.Write([]byte("anybody?"))
	require.NoError(t, err)
	eventually(t, func() bool { return a.Stats().ICMP.V4.PacketsReceived.DstUnreachable.Value() == 1 })
}

func TestForward(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	web := w.guest("web", 1)
	go echo(web.listen(t, 80))
	require.NoError(t, w.gateway.Forward(packet.TCP, 8080, "web", 80))
	assert.ErrorContains(t, w.gateway.Forward(packet.TCP, 8080, "web", 80), "forwarded to")
	assert.ErrorContains(t, w.gateway.Forward(packet.TCP, 8081, "db", 80), "no such guest")
	assert.ErrorContains(t, w.gateway.Forward(packet.TCP, 8081, "gateway", 80), "no such guest")
	c, err := w.far.dial(netip.AddrPortFrom(uplink.Addr(), 8080))
	require.NoError(t, err)
	assert.Equal(t, router.Addr(), exchange(t, c, pattern(100000)).Addr(), "the guest sees who it is")
	_, err = w.far.dial(netip.AddrPortFrom(uplink.Addr(), 80))
	assert.ErrorContains(t, err, "refused", "that is the host's, which doesn't listen")

	w.gateway.Leave("web")
	_, known := w.gateway.Book().Name("web")
	assert.False(t, known)
	assert.Zero(t, w.gateway.NAT().Len())
	_, err = w.far.dial(netip.AddrPortFrom(uplink.Addr(), 8080))
	assert.ErrorContains(t, err, "refused")
	w.gateway.Leave("nobody")
}

// packets is a network interface as nclient4 wants it: the UDP packets of a port, sent as broadcasts.
type packets struct {
	net.PacketConn // the rest, which is not used
	port           *vswitch.Port
	mac            packet.MAC
	in             chan []byte
	closed         chan struct{}
}

func (p *packets) Deliver(frames []packet.Frame) {
	for _, f := range frames {
		g := gopacket.NewPacket(bytes.Clone(f.Data), layers.LayerTypeEthernet, gopacket.Default)
		if l, ok := g.Layer(layers.LayerTypeUDP).(*layers.UDP); ok && l.DstPort == 68 {
			p.in <- l.Payload
		}
	}
}

func (p *packets) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case data := <-p.in:
		return copy(b, data), &net.UDPAddr{IP: network.Addr().AsSlice(), Port: 67}, nil
	case <-p.closed:
		return 0, nil, net.ErrClosed
	}
}

func (p *packets) WriteTo(b []byte, _ net.Addr) (int, error) {
	e := &layers.Ethernet{SrcMAC: p.mac[:], DstMAC: packet.Broadcast[:], EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: net.IPv4zero, DstIP: net.IPv4bcast}
	u := &layers.UDP{SrcPort: 68, DstPort: 67}
	_ = u.SetNetworkLayerForChecksum(ip)
	s := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(s, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, e, ip, u, gopacket.Payload(b)); err != nil {
		return 0, err
	}
	p.port.Receive([]packet.Frame{{Data: s.Bytes()}})
	return len(b), nil
}

func (p *packets) Close() error { close(p.closed); return nil }

func (p *packets) LocalAddr() net.Addr              { return &net.UDPAddr{Port: 68} }
func (p *packets) SetDeadline(time.Time) error      { return nil }
func (p *packets) SetReadDeadline(time.Time) error  { return nil }
func (p *packets) SetWriteDeadline(time.Time) error { return nil }

// TestDHCP: a client of somebody else's gets the guest's address, whatever the rules; a guest that is not in the book gets none.
func TestDHCP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rules("default deny")
	h, port, s := w.plug("web", 1)
	p := &packets{port: port, mac: h.MAC, in: make(chan []byte, 10), closed: make(chan struct{})}
	s.set(p)
	client, err := nclient4.NewWithConn(p, h.MAC[:], nclient4.WithTimeout(time.Minute))
	require.NoError(t, err)
	defer client.Close()
	lease, err := client.Request(t.Context())
	require.NoError(t, err)
	assert.Equal(t, h.Address.String(), lease.ACK.YourIPAddr.String())
	assert.Equal(t, network.Addr().String(), lease.ACK.Router()[0].String())
	assert.Equal(t, "web", lease.ACK.HostName())
	renewed, err := client.Renew(t.Context(), lease)
	require.NoError(t, err)
	assert.Equal(t, h.Address.String(), renewed.ACK.YourIPAddr.String())
	again, err := client.Request(t.Context(), dhcpv4.WithBroadcast(true))
	require.NoError(t, err)
	assert.Equal(t, h.Address.String(), again.ACK.YourIPAddr.String())

	w.gateway.Leave("web")
	m, err := dhcpv4.NewDiscovery(h.MAC[:])
	require.NoError(t, err)
	_, err = p.WriteTo(m.ToBytes(), nil)
	require.NoError(t, err)
	assert.EqualValues(t, 1, w.gateway.Stats.NoDHCP.Load())
	assert.Empty(t, p.in)
}

// TestDNS: a guest resolves the others' names, and those outside by the uplink's server.
func TestDNS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.guest("a", 1), w.guest("b", 2)
	outside := w.far.udp(t, 53, nil)
	go func() { // answers that everything is 1.2.3.4
		room := make([]byte, 2000)
		for {
			n, from, err := outside.ReadFrom(room)
			if err != nil {
				return
			}
			answer := append(bytes.Clone(room[:n]), "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\x01\x02\x03\x04"...)
			answer[2], answer[7] = answer[2]|0x80, 1
			answer[11] = 0 // without the additional record that was asked with
			if end := bytes.IndexByte(room[12:n], 0) + 12 + 5; end > 16 {
				answer = append(bytes.Clone(answer[:end]), answer[n:]...)
			}
			_, _ = outside.WriteTo(answer, from)
		}
	}()
	resolver := &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(_ context.Context, network_ string, _ string) (net.Conn, error) {
		to := netip.AddrPortFrom(network.Addr(), 53)
		if network_ == "tcp" {
			return a.dial(to)
		}
		return a.udp(t, 0, &to), nil
	}}
	resolve := func(name string) []netip.Addr {
		addresses, err := resolver.LookupNetIP(t.Context(), "ip4", name)
		require.NoError(t, err, name)
		return addresses
	}
	assert.Equal(t, []netip.Addr{b.address}, resolve("b.tuco."))
	assert.Equal(t, []netip.Addr{network.Addr()}, resolve("gateway.tuco."))
	assert.Equal(t, []netip.Addr{netip.MustParseAddr("1.2.3.4")}, resolve("example.com."))
	names, err := resolver.LookupAddr(t.Context(), b.address.String())
	require.NoError(t, err)
	assert.Equal(t, []string{"b.tuco."}, names)
	_, err = resolver.LookupNetIP(t.Context(), "ip4", "c.tuco.")
	assert.ErrorContains(t, err, "no such host")
}

// TestIsolation: what rules deny does not pass, and what they allow does.
func TestIsolation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.guest("a", 1), w.guest("b", 2)
	go echo(b.listen(t, 80))
	go echo(w.far.listen(t, 80))
	w.rules("allow tcp from a to 93.184.216.0/24 port 80\ndefault deny")
	c, err := a.dial(netip.AddrPortFrom(server.Addr(), 80))
	require.NoError(t, err)
	exchange(t, c, []byte("through the gateway"))

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for _, to := range []netip.AddrPort{netip.AddrPortFrom(b.address, 80), netip.AddrPortFrom(router.Addr(), 80)} {
		before := w.sw.Port("a").Stats().Denied
		wg.Go(func() {
			_, err := a.dialContext(ctx, to)
			assert.Error(t, err)
		})
		eventually(t, func() bool { return w.sw.Port("a").Stats().Denied > before })
	}
	w.rules("default allow")
	c, err = a.dial(netip.AddrPortFrom(b.address, 80))
	require.NoError(t, err)
	exchange(t, c, []byte("now it passes"))
	cancel()
	wg.Wait()
}

// TestOffLimits: where guests have no business.
func TestOffLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h, port, _ := w.plug("a", 1)
	for n, to := range []string{"127.0.0.1", "169.254.169.254", "224.0.0.1", "255.255.255.255", "240.0.0.1", "0.0.0.1", uplink.Addr().String()} {
		frame := packet.MakeUDP(gatewayMAC, h.MAC, netip.AddrPortFrom(h.Address, 1), netip.MustParseAddrPort(to+":2"), []byte("hello"))
		port.Receive([]packet.Frame{{Data: frame}})
		assert.EqualValues(t, n+1, w.gateway.Stats.Unreachable.Load(), to)
	}
	assert.Zero(t, w.gateway.NAT().Len())
	frame := packet.MakeUDP(gatewayMAC, h.MAC, netip.AddrPortFrom(h.Address, 1), netip.AddrPortFrom(server.Addr(), 2), []byte("hello"))
	frame[22] = 1
	packet.FillIPv4(frame[14:])
	port.Receive([]packet.Frame{{Data: frame}})
	assert.EqualValues(t, 1, w.gateway.Stats.Expired.Load())

	inside := packet.MakeUDP(uplinkMAC, routerMAC, netip.AddrPortFrom(h.Address, 1), netip.AddrPortFrom(uplink.Addr(), 2), []byte("hello"))
	w.gateway.Receive([]packet.Frame{{Data: inside}, {Data: []byte("noise")}})
	assert.EqualValues(t, 8, w.gateway.Stats.Unreachable.Load(), "nobody outside is a guest")
	assert.EqualValues(t, 1, w.gateway.Stats.Malformed.Load())
}

// TestTheRouter: a guest passes through the router and does not talk to it, unless it is allowed to; of a server of DNS beside it there is nothing but DNS. What the router
// asks a guest is answered.
func TestTheRouter(t *testing.T) {
	t.Parallel()
	beside := netip.MustParseAddr("192.168.1.3")
	for _, open := range []bool{false, true} {
		w := newWorld(t, func(c *gateway.Config) {
			c.OpenRouter = open
			c.Servers = []netip.AddrPort{netip.AddrPortFrom(beside, 53), netip.AddrPortFrom(router.Addr(), 53), netip.AddrPortFrom(server.Addr(), 53)}
		})
		h, port, _ := w.plug("a", 1)
		for _, c := range []struct {
			to     string
			passes bool
		}{
			{"192.168.1.1:80", open}, {"192.168.1.1:54", open}, {"192.168.1.3:80", open}, {"192.168.1.1:53", true}, {"192.168.1.3:53", true},
			{"192.168.1.4:80", true}, {"93.184.216.34:80", true},
		} {
			before := w.gateway.NAT().Stats()
			frame := packet.MakeUDP(gatewayMAC, h.MAC, netip.AddrPortFrom(h.Address, 1), netip.MustParseAddrPort(c.to), []byte("hello"))
			port.Receive([]packet.Frame{{Data: frame}})
			now := w.gateway.NAT().Stats()
			assert.Equal(t, c.passes, now.Out > before.Out, c.to)
			assert.Equal(t, !c.passes, now.Closed > before.Closed, c.to)
		}
		web := w.guest("web", 2)
		go echo(web.listen(t, 80))
		go echo(w.far.listen(t, 80))
		require.NoError(t, w.gateway.Forward(packet.TCP, 8080, "web", 80))
		c, err := w.far.dial(netip.AddrPortFrom(uplink.Addr(), 8080))
		require.NoError(t, err)
		assert.Equal(t, router.Addr(), exchange(t, c, pattern(100000)).Addr())
		if open {
			_, err := web.dial(netip.AddrPortFrom(router.Addr(), 80))
			require.NoError(t, err)
		}
	}
}

// TestNoNextHop: frames wait for a MAC, not too many, and not for ever.
func TestNoNextHop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	soon := stack.DefaultNUDConfigurations()
	soon.RetransmitTimer = 10 * time.Millisecond // of three questions
	for nic := range w.gateway.Stack().NICInfo() {
		require.Nil(t, w.gateway.Stack().SetNUDConfigurations(nic, ipv4.ProtocolNumber, soon))
	}
	h, port, _ := w.plug("a", 1)
	nobody := netip.MustParseAddrPort("192.168.1.77:9")
	for range 40 {
		frame := packet.MakeUDP(gatewayMAC, h.MAC, netip.AddrPortFrom(h.Address, 1), nobody, []byte("hello"))
		port.Receive([]packet.Frame{{Data: frame}})
	}
	eventually(t, func() bool { return w.gateway.Stats.Unreachable.Load() == 40 })
}

// TestSpoofed: a guest can't send as another, not even to the outside.
func TestSpoofed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.guest("other", 2)
	h, port, _ := w.plug("a", 1)
	out := make(chan netip.Addr, 10)
	w.wire.mu.Lock()
	w.wire.seen = func(f packet.Frame) {
		if info, err := packet.Parse(f.Data); err == nil && info.EtherType == packet.IPv4 {
			out <- info.Src
		}
	}
	w.wire.mu.Unlock()
	to := netip.AddrPortFrom(server.Addr(), 9)
	port.Receive([]packet.Frame{{Data: packet.MakeUDP(gatewayMAC, h.MAC, netip.AddrPortFrom(other.address, 1), to, nil)}})
	port.Receive([]packet.Frame{{Data: packet.MakeUDP(gatewayMAC, packet.MAC{0, 0x16, 0x3e, 0, 0, 2}, netip.AddrPortFrom(other.address, 1), to, nil)}})
	assert.EqualValues(t, 2, port.Stats().Spoofed)
	port.Receive([]packet.Frame{{Data: packet.MakeUDP(gatewayMAC, h.MAC, netip.AddrPortFrom(h.Address, 1), to, nil)}})
	assert.Equal(t, uplink.Addr(), <-out)
	assert.Empty(t, out)
	assert.Equal(t, 1, w.gateway.NAT().Len())
}

// TestCapture: what passes a port is in a file that gopacket reads.
func TestCapture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.guest("a", 1)
	ring, err := capture.New(1<<20, 0, time.Now)
	require.NoError(t, err)
	w.sw.Port("a").SetTap(ring)
	a.ping(t, server.Addr(), []byte("on the record"))
	var file bytes.Buffer
	_, err = ring.Dump(&file)
	require.NoError(t, err)
	r, err := pcapgo.NewReader(&file)
	require.NoError(t, err)
	var got []string
	for p := range gopacket.NewPacketSource(r, r.LinkType()).Packets() {
		if l, ok := p.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok {
			got = append(got, p.NetworkLayer().NetworkFlow().String()+" "+l.TypeCode.String())
			assert.Equal(t, "on the record", string(l.Payload))
		}
	}
	assert.Equal(t, []string{a.address.String() + "->93.184.216.34 EchoRequest", "93.184.216.34->" + a.address.String() + " EchoReply"}, got)
}

// TestRestart: connections to the outside go on when the gateway is made anew with the old one's conversations.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.guest("a", 1)
	go echo(w.far.listen(t, 80))
	c, err := a.dial(netip.AddrPortFrom(server.Addr(), 80))
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	say := func(text string) {
		_, err := io.WriteString(c, text)
		require.NoError(t, err)
		room := make([]byte, len(text))
		_, err = io.ReadFull(c, room)
		require.NoError(t, err)
		require.Equal(t, text, string(room))
	}
	say("before")
	w.wire.mu.Lock()
	w.wire.gateway = nil
	w.wire.mu.Unlock()
	w.gateway.Close()
	assert.Nil(t, w.sw.Port("gateway"))
	next, err := gateway.New(gateway.Config{
		Switch: w.sw, Book: w.gateway.Book(), Domain: "tuco", Now: time.Now, NAT: w.gateway.NAT(),
		Uplink: w.wire, MAC: uplinkMAC, Address: uplink, Router: router.Addr(),
	})
	require.NoError(t, err)
	defer next.Close()
	w.wire.mu.Lock()
	w.wire.gateway = next
	w.wire.mu.Unlock()
	say("after")
}

// TestNoUplink: guests have each other, addresses and names.
func TestNoUplink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *gateway.Config) { c.Uplink = nil })
	a, b := w.guest("a", 1), w.guest("b", 2)
	assert.NotEmpty(t, a.ping(t, b.address, []byte("here")))
	assert.NotEmpty(t, a.ping(t, network.Addr(), []byte("here")))
	assert.ErrorIs(t, w.gateway.Forward(packet.TCP, 80, "a", 80), gateway.ErrNoUplink)
	w.gateway.Receive([]packet.Frame{{Data: make([]byte, 60)}})
	w.gateway.Leave("a")
	h, port, _ := w.plug("c", 3)
	port.Receive([]packet.Frame{{Data: packet.MakeUDP(gatewayMAC, h.MAC, netip.AddrPortFrom(h.Address, 1), netip.AddrPortFrom(server.Addr(), 2), nil)}})
	assert.EqualValues(t, 1, w.gateway.Stats.Unreachable.Load())
}

func TestConfig(t *testing.T) {
	t.Parallel()
	book, err := hosts.New(network, gatewayMAC)
	require.NoError(t, err)
	for want, change := range map[string]func(*gateway.Config){
		"the router has to be":      func(c *gateway.Config) { c.Router = netip.MustParseAddr("10.0.0.1") },
		"the router has to be the ": func(c *gateway.Config) { c.Router = c.Address.Addr() },
		"overlaps": func(c *gateway.Config) {
			c.Address, c.Router = netip.MustParsePrefix("10.77.0.5/16"), netip.MustParseAddr("10.77.1.1")
		},
		"of this name": func(c *gateway.Config) { _, _ = c.Switch.Add(vswitch.Options{Name: "gateway", Trusted: true}, &sink{}) },
	} {
		c := gateway.Config{Switch: vswitch.New(vswitch.Limits{}, time.Now), Book: book, Now: time.Now, Uplink: &wire{}, Address: uplink, Router: router.Addr()}
		change(&c)
		_, err := gateway.New(c)
		if want == "the router has to be the " {
			want = "the router has to be"
		}
		assert.ErrorContains(t, err, want)
	}
}
