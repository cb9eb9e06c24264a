package nat

import (
	"net/netip"
	"time"

	"tuco/control/packet"
)

// Verdict is what became of a packet.
type Verdict uint8

// Verdicts.
const (
	Translated Verdict = iota // it goes on, changed
	Refused                   // it goes nowhere; Stats says why
	NotOurs                   // it is not of a guest: it is for the host itself
)

// Out changes a packet that a guest sends outside.
func (t *Table) Out(f *packet.Frame, info *packet.Info) Verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !supported(f, info) {
		t.stats.Unsupported++
		return Refused
	}
	now := t.options.Now()
	if q, ok := info.Error(f.Data); ok {
		return t.errorOut(f, info, &q, now)
	}
	guest, remote := netip.AddrPortFrom(info.Src, info.SrcPort), netip.AddrPortFrom(info.Dst, info.DstPort)
	if info.Protocol == packet.ICMP {
		if !info.Echo(f.Data) {
			t.stats.Unsupported++
			return Refused
		}
		remote = netip.AddrPortFrom(info.Dst, 0)
	}
	c := t.out[outKey{info.Src.As4(), info.Dst.As4(), guest.Port(), remote.Port(), uint16(info.Protocol)}]
	known := c != nil && !c.over(now)
	if !known || c.reversed(f, info) {
		switch {
		case !begins(f, info):
			t.stats.Unknown++
			return Refused
		case !t.options.Open(info.Protocol, remote):
			t.stats.Closed++
			return Refused
		}
	}
	if !known {
		port, ok := t.freePort(info.Protocol, remote, now)
		if ok {
			c = t.begin(byGuest, info.Protocol, guest, remote, port, now)
		}
		if !ok || c == nil {
			t.stats.TooMany++
			return Refused
		}
	}
	c.touch(info, byGuest, now)
	info.SetSource(f, c.port)
	t.stats.Out++
	return Translated
}

// In changes a packet that came to the uplink's address, if it is for a guest.
func (t *Table) In(f *packet.Frame, info *packet.Info) Verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !supported(f, info) {
		return NotOurs
	}
	now := t.options.Now()
	if q, ok := info.Error(f.Data); ok {
		return t.errorIn(f, info, &q, now)
	}
	remotePort := info.SrcPort
	if info.Protocol == packet.ICMP {
		remotePort = 0
	}
	c := t.in[inKey{info.Src.As4(), info.DstPort, remotePort, uint16(info.Protocol)}]
	if c == nil || c.over(now) {
		to, ok := t.forwards[service{info.Protocol, info.DstPort}]
		if !ok {
			return NotOurs
		}
		if !begins(f, info) {
			t.stats.Unknown++
			return Refused
		}
		c = t.begin(fromOutside, info.Protocol, to, netip.AddrPortFrom(info.Src, info.SrcPort), info.DstPort, now)
		if c == nil {
			t.stats.TooMany++
			return Refused
		}
	}
	c.touch(info, fromOutside, now)
	info.SetDestination(f, c.guest)
	t.stats.In++
	return Translated
}

// supported tells whether a packet is one that can be changed at all.
func supported(f *packet.Frame, info *packet.Info) bool {
	return info.EtherType == packet.IPv4 && !info.Part && !info.Options(f) && info.Transport != 0 && info.Protocol != packet.ICMPv6
}

// begins tells whether a packet may begin a conversation. In the middle of a TCP connection that is not known (any more) nothing
// would come of it but that the other side gets packets from another port than before.
func begins(f *packet.Frame, info *packet.Info) bool {
	switch info.Protocol {
	case packet.TCP:
		return info.Flags&(packet.SYN|packet.ACK|packet.RST|packet.FIN) == packet.SYN
	case packet.ICMP:
		return f.Data[info.Transport] == packet.Echo4
	}
	return true
}

// errorOut changes an error that a guest sends about a packet that came for it.
func (t *Table) errorOut(f *packet.Frame, info *packet.Info, q *packet.Quote, now time.Time) Verdict {
	c := t.out[outKey{q.Dst.As4(), q.Src.As4(), q.DstPort, remotePort(q, q.SrcPort), uint16(q.Protocol)}]
	if c == nil || c.over(now) || c.guest.Addr() != info.Src {
		t.stats.Unknown++
		return Refused
	}
	info.SetQuotedDestination(f, q, c.port)
	info.SetSourceAddress(f, c.port.Addr())
	t.stats.Out++
	return Translated
}

// errorIn changes an error about a packet that a guest sent.
func (t *Table) errorIn(f *packet.Frame, info *packet.Info, q *packet.Quote, now time.Time) Verdict {
	c := t.in[inKey{q.Dst.As4(), q.SrcPort, remotePort(q, q.DstPort), uint16(q.Protocol)}]
	if c == nil || c.over(now) || q.Src != t.options.Address {
		return NotOurs
	}
	info.SetQuotedSource(f, q, c.guest)
	info.SetDestinationAddress(f, c.guest.Addr())
	t.stats.In++
	return Translated
}

// remotePort is that of the one outside in a quoted packet. An echo has none.
func remotePort(q *packet.Quote, port uint16) uint16 {
	if q.Protocol == packet.ICMP {
		return 0
	}
	return port
}
