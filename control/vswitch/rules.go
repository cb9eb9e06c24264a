package vswitch

import (
	"net/netip"

	"tuco/control/packet"
)

// Verdict is what a rule says of the packets that it matches.
type Verdict bool

// Verdicts.
const (
	Deny  Verdict = false
	Allow Verdict = true
)

// Rules judge who may talk to whom. The first that matches decides, else the default.
type Rules struct {
	List    []Rule
	Default Verdict
}

// Rule matches some packets.
type Rule struct {
	Verdict  Verdict
	Protocol Protocol
	From, To Side
	Ports    []PortRange // of the destination, for TCP and UDP; none means all
}

// Protocol is a protocol's number, or one of these.
type Protocol int

// Protocols that are no numbers.
const (
	AnyProtocol  Protocol = -1
	AnyICMP      Protocol = -2 // that of IPv4, and that of IPv6
	lastProtocol          = 255
)

// Side is where a packet comes from or goes to: a port of the switch, some addresses, or, if it is empty, anywhere.
type Side struct {
	Port   string
	Prefix netip.Prefix
}

// PortRange is some ports of TCP or UDP, the last included.
type PortRange struct{ First, Last uint16 }

// judge decides about a packet. It does as much work as there are rules.
func (r *Rules) judge(from, to *Port, info *packet.Info) Verdict {
	for i := range r.List {
		if rule := &r.List[i]; rule.matches(from, to, info) {
			return rule.Verdict
		}
	}
	return r.Default
}

// trivial says that everything is allowed.
func (r *Rules) trivial() bool { return len(r.List) == 0 && r.Default == Allow }

func (r *Rule) matches(from, to *Port, info *packet.Info) bool {
	return r.Protocol.matches(info.Protocol) && r.From.matches(from, info.Src) && r.To.matches(to, info.Dst) && r.matchesPorts(info)
}

// matchesPorts looks at the destination's port. A fragment that is not the first has none: it may be what a rule
// wants denied, and is not known to be what a rule wants allowed.
func (r *Rule) matchesPorts(info *packet.Info) bool {
	if len(r.Ports) == 0 {
		return true
	}
	if info.Later {
		return r.Verdict == Deny
	}
	for _, p := range r.Ports {
		if p.First <= info.DstPort && info.DstPort <= p.Last {
			return true
		}
	}
	return false
}

func (p Protocol) matches(number uint8) bool {
	switch p {
	case AnyProtocol:
		return true
	case AnyICMP:
		return number == packet.ICMP || number == packet.ICMPv6
	}
	return p == Protocol(number)
}

func (s *Side) matches(p *Port, a netip.Addr) bool {
	switch {
	case s.Port != "":
		return s.Port == p.options.Name
	case s.Prefix.IsValid():
		return s.Prefix.Contains(a)
	}
	return true
}
