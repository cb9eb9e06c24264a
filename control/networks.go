package main

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"tuco/control/gateway"
	"tuco/control/hosts"
	"tuco/control/network"
	"tuco/control/packet"
	"tuco/control/virtio"
	"tuco/control/virtio/nic"
	"tuco/control/vswitch"
	"tuco/guestlib/xenbus"
)

// The guests' network: the gateway's address in it, and its MAC, which is a locally administered one.
var (
	guestNetwork = netip.MustParsePrefix("10.77.0.1/24")
	gatewayMAC   = packet.MAC{0x02, 0x74, 0x75, 0x63, 0x6f, 0x01}
)

const guestMTU = 1500

// uplink is where the host is, if it has a network.
type uplink struct {
	address netip.Prefix
	router  netip.Addr
	servers []netip.AddrPort
	open    bool // guests may talk to the router
}

// userNetwork is what QEMU's network of the kind "user" gives a machine.
var userNetwork = uplink{
	netip.MustParsePrefix("10.0.2.15/24"), netip.MustParseAddr("10.0.2.2"), []netip.AddrPort{netip.MustParseAddrPort("10.0.2.3:53")}, false,
}

// newNetwork serves guests' interfaces by a switch, which has a gateway to the host's network card. Words say where the host is, uplink=ADDRESS/PREFIX,ROUTER,DNS,
// what is forwarded to guests, and reach-host, that guests may talk to the machine around an emulator.
func newNetwork(d *devices, own *xenbus.Store, words []string, log *slog.Logger) (*network.Service, error) {
	at, forwards, err := networkWords(words)
	if err != nil {
		return nil, err
	}
	book, err := hosts.New(guestNetwork, gatewayMAC)
	if err != nil {
		return nil, err
	}
	c := gateway.Config{
		Switch: vswitch.New(vswitch.Limits{}, time.Now), Book: book, Domain: "tuco", MTU: guestMTU, Lease: time.Hour, Now: time.Now,
	}
	var gate *gateway.Gateway // which frames that come are for, from the first one on
	ready := make(chan struct{})
	card, err := d.network(func(frame []byte) {
		<-ready
		network.Receive(gate)(frame)
	})
	switch {
	case err != nil:
		return nil, err
	case card != nil:
		c.Uplink, c.MAC = network.NewUplink(card), packet.MAC(card.MAC())
		c.Address, c.Router, c.Servers, c.OpenRouter = at.address, at.router, at.servers, at.open
	default:
		log.Info("the host has no network: guests reach each other only")
	}
	if gate, err = gateway.New(c); err != nil {
		return nil, err
	}
	close(ready)
	return &network.Service{
		Switch: c.Switch, Gateway: gate, Socket: newSocket(own, log), Forwards: forwards,
	}, nil
}

// networkWords are the words of the command line about the network.
func networkWords(words []string) (at uplink, forwards []network.Forward, err error) {
	at = userNetwork
	for _, word := range words {
		name, text, _ := strings.Cut(word, "=")
		switch name {
		case "uplink":
			if at, err = parseUplink(text); err != nil {
				return at, nil, fmt.Errorf("%q: %w; write uplink=ADDRESS/PREFIX,ROUTER or uplink=ADDRESS/PREFIX,ROUTER,DNS", word, err)
			}
		case "forward":
			f, err := parseForward(text)
			if err != nil {
				return at, nil, fmt.Errorf("%q: %w; write forward=PORT:GUEST:PORT", word, err)
			}
			forwards = append(forwards, f)
		}
	}
	at.open = slices.Contains(words, "reach-host")
	return at, forwards, nil
}

func parseUplink(text string) (u uplink, err error) {
	parts := strings.Split(text, ",")
	if len(parts) < 2 || len(parts) > 3 {
		return u, fmt.Errorf("%d parts", len(parts))
	}
	if u.address, err = netip.ParsePrefix(parts[0]); err != nil {
		return u, err
	}
	if u.router, err = netip.ParseAddr(parts[1]); err != nil || len(parts) == 2 {
		return u, err
	}
	server, err := netip.ParseAddr(parts[2])
	u.servers = []netip.AddrPort{netip.AddrPortFrom(server, 53)}
	return u, err
}

func parseForward(text string) (f network.Forward, err error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return f, fmt.Errorf("%d parts", len(parts))
	}
	var ports [2]uint64
	for i, part := range []string{parts[0], parts[2]} {
		if ports[i], err = strconv.ParseUint(part, 10, 16); err != nil {
			return f, err
		}
	}
	return network.Forward{Port: uint16(ports[0]), Guest: parts[1], To: uint16(ports[1])}, nil
}

// network is the host's first network card; nil if it has none.
func (d *devices) network(deliver func(frame []byte)) (*nic.NIC, error) {
	f := d.first(virtio.KindNet)
	if f == nil {
		return nil, nil
	}
	t, err := d.transport(f)
	if err != nil {
		return nil, err
	}
	card, err := nic.Open(t, &d.memory, deliver)
	if err != nil {
		return nil, fmt.Errorf("the host's network card, %v: %w", f, err)
	}
	return card, d.lines.ServeQueues(f, t, card.Interrupted)
}
