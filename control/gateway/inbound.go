package gateway

import (
	"tuco/control/nat"
	"tuco/control/packet"
)

// Receive takes frames that came by the uplink. It may change them, and they are the caller's again when it returns.
func (g *Gateway) Receive(frames []packet.Frame) {
	if g.outside == nil {
		return
	}
	in := frames[:0] // those that are for guests take the places of those before them
	for i := range frames {
		f := frames[i]
		info, err := packet.Parse(f.Data)
		if err == nil {
			err = info.Check(&f)
		}
		switch {
		case err != nil:
			g.Stats.Malformed.Add(1)
		case g.forHost(&f, &info):
			g.outside.Deliver([]packet.Frame{f})
		case g.routeIn(&f, &info):
			in = append(in, f)
		}
	}
	g.send(in)
}

// forHost tells whether a frame is none that could be for a guest.
func (g *Gateway) forHost(f *packet.Frame, info *packet.Info) bool {
	c := &g.config
	return info.EtherType != packet.IPv4 || packet.Destination(f.Data) != c.MAC || info.Dst != c.Address.Addr()
}

// routeIn makes a frame from outside one for a guest. It tells whether it is one; if it is for the host, that gets it.
func (g *Gateway) routeIn(f *packet.Frame, info *packet.Info) bool {
	c := &g.config
	if c.Book.Network().Contains(info.Src) {
		g.Stats.Unreachable.Add(1) // no guest is there
		return false
	}
	switch g.nat.In(f, info) {
	case nat.NotOurs:
		g.outside.Deliver([]packet.Frame{*f})
		return false
	case nat.Refused:
		return false
	}
	if !info.Hop(f) {
		g.Stats.Expired.Add(1)
		return false
	}
	guest, ok := c.Book.Address(info.Dst)
	if !ok {
		g.Stats.Unreachable.Add(1)
		return false
	}
	packet.SetAddresses(f.Data, guest.MAC, c.Book.Gateway().MAC)
	return true
}
