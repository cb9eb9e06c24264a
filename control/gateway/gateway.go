package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"tuco/control/dhcp"
	"tuco/control/dns"
	"tuco/control/endpoint"
	"tuco/control/hosts"
	"tuco/control/nat"
	"tuco/control/packet"
	"tuco/control/vswitch"
)

// Uplink sends frames to the network that the host is in. What comes from there goes to [Gateway.Receive].
type Uplink interface {
	// Send sends frames, which it copies and may change. It doesn't wait; what there is no room for is lost.
	Send(frames []packet.Frame)
}

// Config is what a gateway is like.
type Config struct {
	Switch *vswitch.Switch
	Book   *hosts.Book // of the network, with the gateway in it
	Domain string      // of the guests' names: tuco
	MTU    int         // of the network: 1500
	Lease  time.Duration
	Now    func() time.Time

	// Without an uplink, guests reach each other and the gateway.
	Uplink  Uplink
	MAC     packet.MAC       // of the uplink
	Takes   packet.Takes     // what the uplink can take
	Address netip.Prefix     // of the host in the uplink's network
	Router  netip.Addr       // there
	Servers []netip.AddrPort // of DNS

	// OpenRouter lets guests begin conversations with the router, and with more than the port of DNS of servers in the uplink's network. In an emulator's
	// network these stand for the machine around it, and what that keeps to itself.
	OpenRouter bool

	// NAT has the conversations of a gateway that was there before, so that they go on. It may be nil.
	NAT *nat.Table
}

// PortName is the name of the gateway's port in the switch, for rules.
const PortName = "gateway"

// Stats counts frames that were dropped here, apart from those that the NAT refused.
type Stats struct {
	Expired     atomic.Uint64 // no time to live left
	TooLong     atomic.Uint64 // for the uplink
	Unreachable atomic.Uint64 // outside, where guests have no business, or where the next hop is not known
	Malformed   atomic.Uint64 // from the uplink
	NoDHCP      atomic.Uint64 // requests that got no answer
	Calls       atomic.Uint64 // connections to the gateway itself that a guest may not have yet
}

// Gateway joins a switch to an uplink.
type Gateway struct {
	Stats Stats

	config   Config
	port     atomic.Pointer[vswitch.Port] // nil until everything is ready
	stack    *stack.Stack
	inside   *endpoint.Endpoint
	outside  *endpoint.Endpoint // nil without an uplink
	nat      *nat.Table
	dhcp     dhcp.Server
	dns      *dns.Server
	hops     hops
	callers  callers
	services sync.WaitGroup
	stop     []func()
}

// New makes a gateway and adds its port to the switch. It runs until it is closed.
func New(c Config) (g *Gateway, err error) {
	const mtu, lease = 1500, time.Hour
	if c.MTU == 0 {
		c.MTU = mtu
	}
	if c.Lease == 0 {
		c.Lease = lease
	}
	g = &Gateway{config: c, nat: c.NAT, dhcp: dhcp.Server{Book: c.Book, Domain: c.Domain, MTU: c.MTU, Lease: c.Lease}}
	defer func() {
		if err != nil {
			g.Close()
			g, err = nil, fmt.Errorf("gateway: %w", err)
		}
	}()
	if err := g.makeStack(); err != nil {
		return g, err
	}
	if c.Uplink != nil {
		if err := g.join(); err != nil {
			return g, err
		}
	}
	if err := g.serve(); err != nil {
		return g, err
	}
	takes := packet.TakesAll
	if c.Uplink != nil {
		takes = c.Takes
	}
	self := c.Book.Gateway()
	port, err := c.Switch.Add(vswitch.Options{Name: PortName, MAC: self.MAC, Trusted: true, MTU: c.MTU, Takes: takes}, g)
	if err == nil {
		g.port.Store(port)
	}
	return g, err
}

// send sends frames to guests.
func (g *Gateway) send(frames []packet.Frame) {
	if port := g.port.Load(); port != nil {
		port.Receive(frames)
	}
}

// join joins the uplink.
func (g *Gateway) join() (err error) {
	c := &g.config
	if !c.Address.Addr().Is4() || !c.Address.Contains(c.Router) || c.Router == c.Address.Addr() {
		return fmt.Errorf("the uplink has the address %v and the router %v: the router has to be another address in the same network", c.Address, c.Router)
	}
	if c.Address.Overlaps(c.Book.Network()) {
		return fmt.Errorf("the guests' network %v overlaps with the uplink's, %v: choose another for the guests", c.Book.Network(), c.Address.Masked())
	}
	if g.nat == nil {
		if g.nat, err = nat.New(nat.Options{Address: c.Address.Addr(), Now: c.Now, Open: c.open}); err != nil {
			return err
		}
	}
	g.hops = makeHops(c.Now, g.resolve, c.Uplink.Send)
	return nil
}

// Book is who is in the network.
func (g *Gateway) Book() *hosts.Book { return g.config.Book }

// Stack is the host's TCP/IP. A service for the outside listens on the uplink's address.
func (g *Gateway) Stack() *stack.Stack { return g.stack }

// Address is the host's, in the uplink's network, if it has one.
func (g *Gateway) Address() (a netip.Addr, ok bool) { return g.config.Address.Addr(), g.outside != nil }

// NAT is the guests' conversations with the outside; nil without an uplink.
func (g *Gateway) NAT() *nat.Table { return g.nat }

// ErrNoUplink says that there is no outside.
var ErrNoUplink = errors.New("the host has no uplink")

// Forward has conversations that begin at a port of the uplink's address go to a guest's port.
func (g *Gateway) Forward(protocol uint8, port uint16, guest string, to uint16) error {
	if g.nat == nil {
		return ErrNoUplink
	}
	h, ok := g.config.Book.Name(guest)
	if !ok || h == g.config.Book.Gateway() {
		return fmt.Errorf("port %d can't be forwarded to %.70q: there is no such guest in the network", port, guest)
	}
	return g.nat.Forward(protocol, port, netip.AddrPortFrom(h.Address, to))
}

// Leave takes a guest out of the network: its name, its conversations, and what is forwarded to it.
func (g *Gateway) Leave(guest string) {
	h, ok := g.config.Book.Name(guest)
	if !ok {
		return
	}
	g.config.Book.Remove(guest)
	g.callers.forget(h.Address)
	if g.nat != nil {
		g.nat.Forget(h.Address)
	}
}

// Close takes the gateway off the switch and the uplink.
func (g *Gateway) Close() {
	if port := g.port.Load(); port != nil {
		port.Remove()
	}
	for _, stop := range g.stop {
		stop()
	}
	g.services.Wait()
	for _, e := range []*endpoint.Endpoint{g.inside, g.outside} {
		if e != nil {
			e.Close()
		}
	}
	if g.stack != nil {
		g.stack.Destroy()
	}
}

// background runs something until the gateway is closed: stop makes it end.
func (g *Gateway) background(run func(context.Context), stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	g.stop = append(g.stop, func() {
		cancel()
		stop()
	})
	g.services.Go(func() { run(ctx) })
}
