package gateway

import (
	"net/netip"
	"slices"

	"tuco/control/dhcp"
	"tuco/control/nat"
	"tuco/control/packet"
)

// Deliver takes frames that guests sent to the gateway, or to all. It is the port's Sink.
func (g *Gateway) Deliver(frames []packet.Frame) {
	out := frames[:0] // those that go outside take the places of those before them
	for i := range frames {
		f := frames[i]
		info, err := packet.Parse(f.Data)
		switch {
		case err != nil: // can't be: the switch has parsed it
		case info.EtherType == packet.IPv4 && info.Protocol == packet.UDP && !info.Part && info.DstPort == dhcp.ServerPort:
			g.answer(f.Data, &info)
		case g.forOutside(&f, &info):
			if g.route(&f, &info) {
				out = append(out, f)
			}
		case g.echo(&frames[i], &info):
			g.send(frames[i : i+1])
		case !g.mayCall(&info):
			g.Stats.Calls.Add(1)
		default:
			g.inside.Deliver(frames[i : i+1])
		}
	}
	if len(out) > 0 {
		g.config.Uplink.Send(out)
	}
}

// forOutside tells whether a frame was sent to the gateway only because its packet is for somebody elsewhere.
func (g *Gateway) forOutside(f *packet.Frame, info *packet.Info) bool {
	book := g.config.Book
	return info.EtherType == packet.IPv4 && packet.Destination(f.Data) == book.Gateway().MAC && !book.Network().Contains(info.Dst)
}

// route makes a guest's frame one for the uplink. It tells whether it can be sent now.
func (g *Gateway) route(f *packet.Frame, info *packet.Info) bool {
	c := &g.config
	switch {
	case c.Uplink == nil || !mayReach(info.Dst) || info.Dst == c.Address.Addr() || !c.Book.Network().Contains(info.Src):
		g.Stats.Unreachable.Add(1)
		return false
	case f.Segments == packet.Whole && len(f.Data) > packet.HeaderLen+c.MTU:
		g.Stats.TooLong.Add(1)
		return false
	case !info.Hop(f):
		g.Stats.Expired.Add(1)
		return false
	case g.nat.Out(f, info) != nat.Translated:
		return false
	}
	hop := c.Router
	if c.Address.Contains(info.Dst) {
		hop = info.Dst
	}
	packet.SetAddresses(f.Data, packet.MAC{}, c.MAC)
	return g.hops.send(hop, f, &g.Stats)
}

// mayReach tells whether an address is that of one machine, somewhere else.
func mayReach(a netip.Addr) bool {
	const thisNetwork, reserved = 0, 240
	first := a.As4()[0]
	return first != thisNetwork && first < reserved && !a.IsLoopback() && !a.IsMulticast() && !a.IsLinkLocalUnicast()
}

// open tells whether guests may begin a conversation with somebody outside. Whoever it is may be asked whether he is there.
func (c *Config) open(protocol uint8, to netip.AddrPort) bool {
	if c.OpenRouter || protocol == packet.ICMP || slices.Contains(c.Servers, to) {
		return true
	}
	server := func(s netip.AddrPort) bool { return s.Addr() == to.Addr() }
	return to.Addr() != c.Router && !(c.Address.Contains(to.Addr()) && slices.ContainsFunc(c.Servers, server))
}

// answer answers a request of DHCP. The switch has checked whose it is.
func (g *Gateway) answer(frame []byte, info *packet.Info) {
	guest, self := packet.Source(frame), g.config.Book.Gateway()
	a, err := g.dhcp.Answer(guest, frame[info.Payload:info.End])
	if err != nil {
		g.Stats.NoDHCP.Add(1)
		return
	}
	reply := packet.MakeUDP(guest, self.MAC, netip.AddrPortFrom(self.Address, dhcp.ServerPort), netip.AddrPortFrom(a.To, dhcp.ClientPort), a.Message)
	g.send([]packet.Frame{{Data: reply, Checked: true}})
}
