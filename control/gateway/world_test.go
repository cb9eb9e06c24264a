package gateway_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"tuco/control/endpoint"
	"tuco/control/gateway"
	"tuco/control/hosts"
	"tuco/control/packet"
	"tuco/control/vswitch"
)

// machine is somebody with a TCP/IP stack and one interface.
type machine struct {
	*stack.Stack
	*endpoint.Endpoint
	address netip.Addr
	last    netip.Addr
}

func addressOf(a netip.Addr) tcpip.Address { return tcpip.AddrFromSlice(a.AsSlice()) }

// newMachine makes a machine with addresses, the first of which has a router, if it is given.
func newMachine(t testing.TB, mac packet.MAC, router netip.Addr, send func([]packet.Frame), addresses ...netip.Prefix) *machine {
	m := &machine{address: addresses[0].Addr(), last: addresses[len(addresses)-1].Addr(), Stack: stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
	})}
	var err error
	m.Endpoint, err = endpoint.New(m.Stack, "eth0", mac, 1500, send)
	require.NoError(t, err)
	for _, a := range addresses {
		p := tcpip.AddressWithPrefix{Address: addressOf(a.Addr()), PrefixLen: a.Bits()}
		require.Nil(t, m.AddProtocolAddress(m.NIC(), tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: p}, stack.AddressProperties{}))
		m.AddRoute(tcpip.Route{Destination: p.Subnet(), NIC: m.NIC()})
	}
	if router.IsValid() {
		m.AddRoute(tcpip.Route{Destination: header.IPv4EmptySubnet, Gateway: addressOf(router), NIC: m.NIC()})
	}
	t.Cleanup(func() {
		m.Endpoint.Close()
		m.Stack.Close()
	})
	return m
}

func (m *machine) full(to netip.AddrPort) tcpip.FullAddress {
	return tcpip.FullAddress{Addr: addressOf(to.Addr()), Port: to.Port()}
}

// dial connects, within a limit that nothing reaches that works.
func (m *machine) dial(to netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return m.dialContext(ctx, to)
}

func (m *machine) dialContext(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	return gonet.DialContextTCP(ctx, m.Stack, m.full(to), ipv4.ProtocolNumber)
}

func (m *machine) listen(t testing.TB, port uint16) net.Listener {
	l, err := gonet.ListenTCP(m.Stack, tcpip.FullAddress{Port: port}, ipv4.ProtocolNumber)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// udp is a connection from a port of the machine's, at its last address: the server's.
func (m *machine) udp(t testing.TB, port uint16, to *netip.AddrPort) *gonet.UDPConn {
	at := &tcpip.FullAddress{Addr: addressOf(m.last), Port: port}
	var remote *tcpip.FullAddress
	if to != nil {
		full := m.full(*to)
		remote = &full
	}
	c, err := gonet.DialUDP(m.Stack, at, remote, ipv4.ProtocolNumber)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	return c
}

// wire is an uplink: frames go to a machine, and its frames to the gateway. Each can be looked at.
type wire struct {
	mu      sync.Mutex
	far     *machine
	gateway *gateway.Gateway
	seen    func(packet.Frame) // what comes from the gateway
}

func (w *wire) Send(frames []packet.Frame) {
	w.mu.Lock()
	far, seen := w.far, w.seen
	w.mu.Unlock()
	if seen != nil {
		for _, f := range frames {
			seen(f)
		}
	}
	far.Deliver(frames)
}

func (w *wire) receive(frames []packet.Frame) {
	w.mu.Lock()
	g := w.gateway
	w.mu.Unlock()
	if g != nil {
		g.Receive(frames)
	}
}

// The world's addresses. The server is far away, behind the router of the uplink's network.
var (
	network = netip.MustParsePrefix("10.77.0.1/24")
	uplink  = netip.MustParsePrefix("192.168.1.2/24")
	router  = netip.MustParsePrefix("192.168.1.1/24")
	server  = netip.MustParsePrefix("93.184.216.34/32")

	gatewayMAC = packet.MAC{0, 0x16, 0x3e, 0, 0, 0xfe}
	uplinkMAC  = packet.MAC{0x52, 0x54, 0, 0, 0, 1}
	routerMAC  = packet.MAC{0x52, 0x54, 0, 0, 0, 2}
)

// world is a switch with a gateway and guests, and a far machine that is the router and the server.
type world struct {
	t       testing.TB
	sw      *vswitch.Switch
	gateway *gateway.Gateway
	wire    *wire
	far     *machine
}

func newWorld(t testing.TB, change ...func(*gateway.Config)) *world {
	w := &world{t: t, wire: &wire{}, sw: vswitch.New(vswitch.Limits{}, time.Now)}
	w.far = newMachine(t, routerMAC, netip.Addr{}, w.wire.receive, router, server)
	w.wire.far = w.far
	book, err := hosts.New(network, gatewayMAC)
	require.NoError(t, err)
	c := gateway.Config{
		Switch: w.sw, Book: book, Domain: "tuco", Now: time.Now,
		Uplink: w.wire, MAC: uplinkMAC, Address: uplink, Router: router.Addr(),
		Servers: []netip.AddrPort{netip.AddrPortFrom(server.Addr(), 53)},
	}
	for _, change := range change {
		change(&c)
	}
	w.gateway, err = gateway.New(c)
	require.NoError(t, err)
	t.Cleanup(w.gateway.Close)
	w.wire.mu.Lock()
	w.wire.gateway = w.gateway
	w.wire.mu.Unlock()
	return w
}

// sink is one that is made after its port.
type sink struct {
	mu sync.Mutex
	to vswitch.Sink
}

func (s *sink) Deliver(frames []packet.Frame) {
	s.mu.Lock()
	to := s.to
	s.mu.Unlock()
	if to != nil {
		to.Deliver(frames)
	}
}

func (s *sink) set(to vswitch.Sink) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to = to
}

// plug adds a guest's port to the switch, and the guest to the book.
func (w *world) plug(name string, n byte) (hosts.Host, *vswitch.Port, *sink) {
	h, err := w.gateway.Book().Add(name, packet.MAC{0, 0x16, 0x3e, 0, 0, n}, netip.Addr{})
	require.NoError(w.t, err)
	s := &sink{}
	port, err := w.sw.Add(vswitch.Options{Name: name, MAC: h.MAC, Addresses: []netip.Addr{h.Address}, Takes: packet.TakesAll}, s)
	require.NoError(w.t, err)
	w.t.Cleanup(port.Remove)
	return h, port, s
}

// guest makes a guest that has its address already.
func (w *world) guest(name string, n byte) *machine {
	h, port, s := w.plug(name, n)
	m := newMachine(w.t, h.MAC, network.Addr(), port.Receive, netip.PrefixFrom(h.Address, network.Bits()))
	s.set(m)
	return m
}

// rules puts rules into force.
func (w *world) rules(text string) {
	r, err := vswitch.ParseRules("rules", text)
	require.NoError(w.t, err)
	w.sw.SetRules(r)
}

// eventually waits for something that is sure to happen, soon or late.
func eventually(t testing.TB, what func() bool) {
	t.Helper()
	require.Eventually(t, what, time.Minute, time.Millisecond)
}

// pattern is bytes that tell where they were.
func pattern(n int) []byte {
	b := make([]byte, 0, n+4)
	for i := 0; len(b) < n; i++ {
		b = append(b, byte(i), byte(i>>8), byte(i>>16), 0x5a)
	}
	return slices.Clip(b[:n])
}
