package gateway

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"tuco/control/dns"
	"tuco/control/endpoint"
)

// Ports that the host itself uses for what it begins. The NAT's are others.
const firstOwnPort, lastOwnPort = 60000, 65535

// makeStack makes the host's TCP/IP, with an interface for each side. It forwards nothing: that is done outside of it.
func (g *Gateway) makeStack() (err error) {
	g.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
	})
	if err := g.tune(); err != nil {
		return fmt.Errorf("TCP: %v", err)
	}
	if err := g.stack.SetPortRange(firstOwnPort, lastOwnPort); err != nil {
		return fmt.Errorf("own ports: %v", err)
	}
	c, self := &g.config, g.config.Book.Gateway()
	g.inside, err = endpoint.New(g.stack, "inside", self.MAC, c.MTU, g.send)
	if err == nil {
		err = address(g.stack, g.inside.NIC(), netip.PrefixFrom(self.Address, c.Book.Network().Bits()))
	}
	if err != nil || c.Uplink == nil {
		return err
	}
	g.outside, err = endpoint.New(g.stack, "outside", c.MAC, c.MTU, c.Uplink.Send)
	if err == nil {
		err = address(g.stack, g.outside.NIC(), c.Address)
	}
	if err != nil {
		return err
	}
	g.stack.AddRoute(tcpip.Route{Destination: header.IPv4EmptySubnet, Gateway: addressOf(c.Router), NIC: g.outside.NIC()})
	return nil
}

// What a connection costs that its peer does not tend to: so long it lives on when it was closed here, and so much of what has come waits. That is so little that
// windows are counted in bytes. netstack would round them down to larger units, and take back what it has offered; an acknowledgement that comes from behind that while the
// window is 0 is dropped.
const (
	lingering = 10 * time.Second
	timeWait  = 5 * time.Second
	retries   = 6 // some two minutes
	received  = 1<<16 - 1
)

// tune sets TCP up for peers that can't be trusted.
func (g *Gateway) tune() tcpip.Error {
	sack, linger, wait, again := tcpip.TCPSACKEnabled(true), tcpip.TCPLingerTimeoutOption(lingering), tcpip.TCPTimeWaitTimeoutOption(timeWait), tcpip.TCPMaxRetriesOption(retries)
	room := tcpip.TCPReceiveBufferSizeRangeOption{Min: tcp.MinBufferSize, Default: received, Max: received}
	for _, o := range []tcpip.SettableTransportProtocolOption{&sack, &linger, &wait, &again, &room} {
		if err := g.stack.SetTransportProtocolOption(tcp.ProtocolNumber, o); err != nil {
			return err
		}
	}
	return nil
}

// address gives an interface an address and the route to its network.
func address(s *stack.Stack, nic tcpip.NICID, a netip.Prefix) error {
	p := tcpip.AddressWithPrefix{Address: addressOf(a.Addr()), PrefixLen: a.Bits()}
	if err := s.AddProtocolAddress(nic, tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: p}, stack.AddressProperties{}); err != nil {
		return fmt.Errorf("address %v: %v", a, err)
	}
	s.AddRoute(tcpip.Route{Destination: p.Subnet(), NIC: nic})
	return nil
}

func addressOf(a netip.Addr) tcpip.Address { return tcpip.AddrFromSlice(a.AsSlice()) }

// serve begins to answer questions of DNS.
func (g *Gateway) serve() error {
	const port = 53
	c := &g.config
	at := tcpip.FullAddress{NIC: g.inside.NIC(), Addr: addressOf(c.Book.Gateway().Address), Port: port}
	packets, err := gonet.DialUDP(g.stack, &at, nil, ipv4.ProtocolNumber)
	if err != nil {
		return fmt.Errorf("DNS: %w", err)
	}
	listener, err := gonet.ListenTCP(g.stack, at, ipv4.ProtocolNumber)
	if err != nil {
		_ = packets.Close()
		return fmt.Errorf("DNS: %w", err)
	}
	g.dns = &dns.Server{Zone: dns.Zone{Book: c.Book, Domain: c.Domain}, Dial: g.dial}
	if c.Uplink != nil {
		g.dns.Servers = c.Servers
	}
	g.background(func(ctx context.Context) { _ = g.dns.Serve(ctx, packets) }, func() { _ = packets.Close() }) // it ends when it is closed
	g.background(func(ctx context.Context) { _ = g.dns.ServeTCP(ctx, listener) }, func() { _ = listener.Close() })
	return nil
}

// dial connects to a server outside.
func (g *Gateway) dial(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
	at := tcpip.FullAddress{NIC: g.outside.NIC(), Addr: addressOf(to.Addr()), Port: to.Port()}
	if network == "tcp" {
		return gonet.DialContextTCP(ctx, g.stack, at, ipv4.ProtocolNumber)
	}
	return gonet.DialUDP(g.stack, nil, &at, ipv4.ProtocolNumber)
}
