// Package network gives guests the network interfaces that their guest.cfg files name: it is the toolstack's way to the switch.
//
// For each interface there is an entry in the network's book, a port of the switch, a back end, and two directories in the
// store. They are made in an order in which nobody sees something half-made, the directories last, and go in the reverse order; what was
// made of an interface that can't be finished goes at once.
//
// A guest's first interface has the guest's name, in the book and as a port; the others have its name with -1, -2 … behind it.
package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"tuco/control/backend"
	"tuco/control/config"
	"tuco/control/domains"
	"tuco/control/gateway"
	"tuco/control/netback"
	"tuco/control/packet"
	"tuco/control/plug"
	"tuco/control/vswitch"
	"tuco/ring/netif"
)

// Service implements domains.Service.
type Service struct {
	Switch      *vswitch.Switch
	Gateway     *gateway.Gateway
	plug.Socket // where the interfaces are plugged in

	// Forwards are ports of the host's that lead to a guest whenever it is there.
	Forwards []Forward

	guests plug.Devices[domains.ID, *plugged]
}

// Forward is a port of the host's that is a guest's, by TCP.
type Forward struct {
	Port  uint16
	Guest string
	To    uint16
}

// plugged is an interface with all that belongs to it.
type plugged struct {
	device plug.Device
	name   string
	port   *vswitch.Port
	nic    *netback.NIC
}

// Name is domains.Service's.
func (s *Service) Name() string { return "network" }

// Attach is domains.Service's.
func (s *Service) Attach(i *domains.Instance) error {
	return s.guests.Attach(i.ID, s.unplug, func(add func(*plugged)) error {
		for n := range i.Config.VIFs {
			p, err := s.plug(i, n)
			if err != nil {
				return fmt.Errorf("vif %d: %w", n, err)
			}
			add(p)
		}
		return s.forward(i.Config)
	})
}

// Detach is domains.Service's. What could not be removed is tried again with the next call.
func (s *Service) Detach(i *domains.Instance) error { return s.guests.Detach(i.ID, s.unplug) }

// Clients is how many interfaces there are.
func (s *Service) Clients() int { return s.guests.Count() }

// forward has ports lead to a guest that has its interfaces. They go with the first of these.
func (s *Service) forward(g *config.Guest) error {
	for _, f := range s.Forwards {
		if f.Guest != g.Name {
			continue
		}
		if err := s.Gateway.Forward(packet.TCP, f.Port, f.Guest, f.To); err != nil {
			return err
		}
	}
	return nil
}

// plug makes a guest's n'th interface.
func (s *Service) plug(i *domains.Instance, n int) (p *plugged, err error) {
	v := i.Config.VIFs[n]
	if v.Bridge != "" {
		return nil, fmt.Errorf("there is no bridge %q: this host has one network; leave the bridge out", v.Bridge)
	}
	p = &plugged{device: plug.Device{Device: backend.Device{Class: "vif", Domain: i.ID.Dom, ID: uint32(n)}}, name: nameOf(i.Config, n), nic: netback.New()}
	host, err := s.Gateway.Book().Add(p.name, packet.MAC(v.MAC), v.IP)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p, err = nil, errors.Join(err, s.unplug(p))
		}
	}()
	p.port, err = s.Switch.Add(vswitch.Options{Name: p.name, MAC: host.MAC, Addresses: []netip.Addr{host.Address}}, p.nic)
	if err != nil {
		return p, err
	}
	p.nic.Join(p.port)
	front := map[string]string{
		netif.KeyMAC: host.MAC.String(), netif.KeyMTU: strconv.Itoa(p.port.Options().MTU), "handle": strconv.Itoa(n),
	}
	back := map[string]string{netif.KeyMAC: host.MAC.String(), "ip": host.Address.String(), "handle": strconv.Itoa(n), "bridge": ""}
	return p, s.Plug(&p.device, p.nic, front, back)
}

// Restart has the daemon of the interfaces finish what it has begun, and another one go on behind that. The switch stays, and so do its flows, the gateway's conversations and
// the guests' leases; frames that come for a guest meanwhile are lost, as on any network.
func (s *Service) Restart(ctx context.Context) error {
	return s.guests.Restart(ctx, &s.Socket, func(p *plugged) error { return s.Serve(&p.device, p.nic) })
}

// unplug takes away what there is of an interface.
func (s *Service) unplug(p *plugged) error {
	if err := s.Unplug(&p.device); err != nil {
		return err
	}
	if p.port != nil {
		p.port.Remove()
	}
	s.Gateway.Leave(p.name)
	return nil
}

func nameOf(g *config.Guest, n int) string {
	if n == 0 {
		return g.Name
	}
	return fmt.Sprintf("%s-%d", g.Name, n)
}

// Interface is a guest's interface, for those who look.
type Interface struct {
	Name  string
	Port  *vswitch.Port
	Stats *netback.Stats
}

// Interfaces are those of a guest.
func (s *Service) Interfaces(id domains.ID) (all []Interface) {
	s.guests.Each(id, func(p *plugged) { all = append(all, Interface{p.name, p.port, &p.nic.Stats}) })
	return all
}
