package network_test

import (
	"context"
	"io"
	"io/fs"
	"net/netip"
	"sync"
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

	"tuco/control/backend"
	"tuco/control/backend/backendtest"
	"tuco/control/config"
	"tuco/control/domains"
	"tuco/control/endpoint"
	"tuco/control/gateway"
	"tuco/control/hosts"
	"tuco/control/network"
	"tuco/control/packet"
	"tuco/control/plug"
	"tuco/control/store/serve"
	"tuco/control/vswitch"
	"tuco/guestlib/frontend/model"
	"tuco/guestlib/netfront"
	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

// scene is a machine with the service.
type scene struct {
	network.Service
	machine *backendtest.Machine
	nodes   *backendtest.Directories
	outside *card
}

// card is a network card with nobody on the wire, or what the test puts there.
type card struct {
	mu   sync.Mutex
	sent func(frame []byte)
	fail error
}

func (c *card) Send(frames ...[]byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range frames {
		if c.sent != nil {
			c.sent(f)
		}
	}
	return c.fail
}

var (
	gatewayAt = netip.MustParsePrefix("10.77.0.1/24")
	uplinkAt  = netip.MustParsePrefix("10.0.2.15/24")
	routerAt  = netip.MustParsePrefix("10.0.2.2/24")
)

func set(t *testing.T) *scene {
	s := &scene{machine: backendtest.New(), outside: &card{}}
	s.nodes = &backendtest.Directories{Machine: s.machine}
	s.Switch = vswitch.New(vswitch.Limits{}, time.Now)
	s.Daemon = backend.NewDaemon(s.machine.Config(&backendtest.Clock{Lively: true}))
	s.Directories = s.nodes
	book, err := hosts.New(gatewayAt, packet.MAC{0, 0x16, 0x3e, 0, 0, 0xfe})
	require.NoError(t, err)
	s.Gateway, err = gateway.New(gateway.Config{
		Switch: s.Switch, Book: book, Domain: "tuco", Now: time.Now,
		Uplink: network.NewUplink(s.outside), MAC: packet.MAC{0x52, 0x54, 0, 0, 0, 1}, Address: uplinkAt, Router: routerAt.Addr(),
		OpenRouter: true, // who is asked is at the other end of the wire
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, s.Daemon.Stop(context.Background()))
		s.Gateway.Close()
		assert.Zero(t, s.machine.Host.Mapped())
	})
	return s
}

func guest(name string, vifs ...config.VIF) *domains.Instance {
	return &domains.Instance{Config: &config.Guest{Name: name, VIFs: vifs}, ID: domains.ID{Dom: model.Guest, Serial: 1}}
}

func vif(n byte) config.VIF { return config.VIF{MAC: config.MAC{0, 0x16, 0x3e, 0, 0, n}} }

// nothing checks that nothing is left of any guest.
func (s *scene) nothing(t *testing.T) {
	t.Helper()
	assert.Len(t, s.Switch.Ports(), 1, "the gateway's")
	assert.Empty(t, s.Daemon.Devices())
	assert.Empty(t, s.Interfaces(domains.ID{Dom: model.Guest, Serial: 1}))
	_, known := s.Gateway.Book().MAC(packet.MAC{0, 0x16, 0x3e, 0, 0, 1})
	assert.False(t, known)
}

func TestAttach(t *testing.T) {
	s := set(t)
	second := vif(2)
	second.IP = netip.MustParseAddr("10.77.0.9")
	web := guest("web", vif(1), second)
	require.NoError(t, s.Attach(web))
	assert.ErrorContains(t, s.Attach(web), "already")
	h, ok := s.Gateway.Book().Name("web-1")
	assert.True(t, ok)
	assert.Equal(t, second.IP, h.Address)
	all := s.Interfaces(web.ID)
	assert.Len(t, all, 2)
	assert.Equal(t, "web", all[0].Port.Name())
	text, err := s.machine.Tree.Read("/local/domain/7/device/vif/0/mac")
	require.NoError(t, err)
	assert.Equal(t, "00:16:3e:00:00:01", text)

	link, err := netfront.Open(t.Context(), s.machine.Host, "1")
	require.NoError(t, err)
	defer link.Close()
	assert.Equal(t, netfront.Info{MAC: [6]byte{0, 0x16, 0x3e, 0, 0, 2}, MTU: 1500}, link.Info())
	require.NoError(t, s.Detach(web), "whether the guest has let go or not")
	s.nothing(t)
	require.NoError(t, s.Detach(web), "twice is no error")
}

// A port leads to a guest in each of its lives; where it can't, there is no guest.
func TestForwards(t *testing.T) {
	s := set(t)
	s.Forwards = []network.Forward{{Port: 8080, Guest: "web", To: 80}, {Port: 2222, Guest: "other", To: 22}}
	for range 2 {
		i := guest("web", vif(1))
		require.NoError(t, s.Attach(i))
		assert.ErrorContains(t, s.Gateway.Forward(packet.TCP, 8080, "web", 81), "port 8080 is forwarded")
		require.NoError(t, s.Gateway.Forward(packet.TCP, 2222, "web", 22), "the other one's is free")
		require.NoError(t, s.Detach(i))
		s.nothing(t)
	}
	s.Forwards = append(s.Forwards, network.Forward{Port: 8080, Guest: "web", To: 81})
	assert.ErrorContains(t, s.Attach(guest("web", vif(1))), "port 8080 is forwarded")
	s.nothing(t)
	assert.ErrorContains(t, s.Attach(guest("web")), "there is no such guest in the network", "it has no interface")
}

// TestNothingHalfMade: whatever fails, nothing stays; and what could not be removed is removed later.
func TestNothingHalfMade(t *testing.T) {
	for want, g := range map[string]*domains.Instance{
		"there is no bridge": guest("web", vif(1), config.VIF{MAC: vif(2).MAC, Bridge: "br0"}),
		"can't be a guest's": guest("web_server", vif(1)),
		"is taken":           guest("gateway", vif(1)),
		"vif 1: ":            guest("web", vif(1), vif(1)),
	} {
		s := set(t)
		assert.ErrorContains(t, s.Attach(g), want)
		s.nothing(t)
	}
	for n := 1; n <= 2; n++ {
		s := set(t)
		s.nodes.Fail = n
		require.ErrorIs(t, s.Attach(guest("web", vif(1), vif(2))), backendtest.ErrStore)
		s.nothing(t)
		require.NoError(t, s.Attach(guest("web", vif(1), vif(2))))
	}
	for n := 3; n <= 6; n++ {
		s := set(t)
		s.nodes.Fail = n
		web := guest("web", vif(1), vif(2))
		require.NoError(t, s.Attach(web))
		require.ErrorIs(t, s.Detach(web), backendtest.ErrStore)
		require.NoError(t, s.Detach(web))
		s.nothing(t)
	}
}

// TestWholeWay: a guest's TCP/IP over guestlib's front end, the rings, the switch and the NAT, to a machine at the other end of the card's wire.
func TestWholeWay(t *testing.T) { wholeWay(t, false) }

// TestRestart: the same, with the daemon restarted while a connection is open.
func TestRestart(t *testing.T) { wholeWay(t, true) }

func wholeWay(t *testing.T, restart bool) {
	s := set(t)
	web := guest("web", vif(1))
	require.NoError(t, s.Attach(web))
	far := machine(t, packet.MAC{0x52, 0x54, 0, 0, 0, 2}, routerAt, func(frames []packet.Frame) {
		for _, f := range frames {
			network.Receive(s.Gateway)(f.Data)
		}
	})
	s.outside.mu.Lock()
	s.outside.sent = func(f []byte) { far.deliver([]packet.Frame{{Data: f}}) }
	s.outside.mu.Unlock()
	listener, err := gonet.ListenTCP(far.Stack, tcpip.FullAddress{Port: 80}, ipv4.ProtocolNumber)
	require.NoError(t, err)
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("hello " + c.RemoteAddr().(interface{ String() string }).String()[:9]))
			_ = c.Close()
		}
	}()

	link, err := netfront.Open(t.Context(), s.machine.Host, "0")
	require.NoError(t, err)
	defer link.Close()
	h, _ := s.Gateway.Book().Name("web")
	inside := machine(t, h.MAC, netip.PrefixFrom(h.Address, gatewayAt.Bits()), func(frames []packet.Frame) {
		out := make([]netfront.Frame, len(frames))
		for i := range frames {
			out[i].Data = frames[i].Data
		}
		_, _ = link.Send(out) // fails when the link is closed
	})
	inside.AddRoute(tcpip.Route{Destination: defaultRoute(), Gateway: tcpip.AddrFromSlice(gatewayAt.Addr().AsSlice()), NIC: inside.endpoint.NIC()})
	go func() {
		room := []netfront.Frame{{}}
		for {
			room[0].Data = make([]byte, netfront.MaxFrame)
			n, err := link.Receive(room)
			if err != nil {
				return
			}
			for _, f := range room[:n] {
				inside.deliver([]packet.Frame{{Data: f.Data, Checked: f.Checked}})
			}
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 2 {
		c, err := gonet.DialContextTCP(ctx, inside.Stack, tcpip.FullAddress{Addr: tcpip.AddrFromSlice(routerAt.Addr().AsSlice()), Port: 80}, ipv4.ProtocolNumber)
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
		if restart { // with a connection open
			require.NoError(t, s.Restart(ctx))
		}
		got := make([]byte, 15)
		_, err = io.ReadFull(c, got)
		require.NoError(t, err)
		assert.Equal(t, "hello 10.0.2.15", string(got))
	}
	stats := s.Interfaces(web.ID)[0].Stats
	assert.Positive(t, stats.Sent.Load())
	assert.Positive(t, stats.Received.Load())
}

// tcpipMachine is somebody with a TCP/IP stack.
type tcpipMachine struct {
	*stack.Stack
	endpoint *endpoint.Endpoint
}

func (m *tcpipMachine) deliver(frames []packet.Frame) { m.endpoint.Deliver(frames) }

func defaultRoute() tcpip.Subnet {
	subnet, err := tcpip.NewSubnet(tcpip.AddrFrom4([4]byte{}), tcpip.MaskFromBytes(make([]byte, 4)))
	if err != nil {
		panic(err)
	}
	return subnet
}

func machine(t *testing.T, mac packet.MAC, at netip.Prefix, send func([]packet.Frame)) *tcpipMachine {
	m := &tcpipMachine{Stack: stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
	})}
	var err error
	m.endpoint, err = endpoint.New(m.Stack, "eth0", mac, 1500, send)
	require.NoError(t, err)
	p := tcpip.AddressWithPrefix{Address: tcpip.AddrFromSlice(at.Addr().AsSlice()), PrefixLen: at.Bits()}
	require.Nil(t, m.AddProtocolAddress(m.endpoint.NIC(), tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: p}, stack.AddressProperties{}))
	m.AddRoute(tcpip.Route{Destination: p.Subnet(), NIC: m.endpoint.NIC()})
	t.Cleanup(func() {
		m.endpoint.Close()
		m.Stack.Close()
	})
	return m
}

// TestUplink: a card's error is kept.
func TestUplink(t *testing.T) {
	c := &card{fail: backendtest.ErrStore}
	u := network.NewUplink(c)
	assert.NoError(t, u.Err())
	u.Send([]packet.Frame{{Data: []byte("frame")}})
	u.Send([]packet.Frame{{Data: []byte("frame")}})
	assert.ErrorIs(t, u.Err(), backendtest.ErrStore)
}

// TestStore: directories in a real store, which belong to whom they should.
func TestStore(t *testing.T) {
	server := serve.New(serve.Config{})
	own := xenbus.New(server.Local())
	defer own.Close()
	s := plug.Store{Store: own}
	d := backend.Device{Class: "vif", Domain: 5, ID: 1}
	require.NoError(t, s.Plug(d, map[string]string{"mac": "00:16:3e:00:00:01"}, map[string]string{"ip": "10.0.0.1"}))
	for path, want := range map[string]string{
		"/local/domain/5/device/vif/1/mac":         "00:16:3e:00:00:01",
		"/local/domain/5/device/vif/1/backend":     "/local/domain/0/backend/vif/5/1",
		"/local/domain/5/device/vif/1/backend-id":  "0",
		"/local/domain/5/device/vif/1/state":       "1",
		"/local/domain/0/backend/vif/5/1/frontend": "/local/domain/5/device/vif/1",
		"/local/domain/0/backend/vif/5/1/state":    "1",
		"/local/domain/0/backend/vif/5/1/ip":       "10.0.0.1",
	} {
		text, err := own.Read(path)
		require.NoError(t, err, path)
		assert.Equal(t, want, text, path)
		perms, err := own.Perms(path)
		require.NoError(t, err)
		owner, reader := hypercall.DomID(5), hypercall.DomID(0)
		if path[:15] == "/local/domain/0" {
			owner, reader = reader, owner
		}
		assert.Equal(t, []xenbus.Perm{{Domain: owner}, {Domain: reader, Read: true}}, perms, path)
	}
	require.NoError(t, s.RemoveFront(d))
	require.NoError(t, s.RemoveBack(d))
	require.NoError(t, s.RemoveBack(d), "twice is no error")
	_, err := own.Read("/local/domain/5/device/vif/1/mac")
	assert.Error(t, err)
	_, err = own.List("/local/domain/0/backend/vif/5")
	assert.ErrorIs(t, err, fs.ErrNotExist, "nothing is left of the guest among the back ends")
}
