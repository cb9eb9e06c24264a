package vswitch

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// anyPort is the word for everything.
const anyPort = "any"

// ParseRules reads rules, one on a line; # begins a comment:
//
//	allow tcp  from web to db port 5432
//	allow udp  from any to gateway port 53,67
//	deny  any  from guest-7 to 10.0.0.0/8
//	allow icmp from any to any
//	default deny
//
// A protocol is tcp, udp, icmp, any, or a number. A side is a port of the switch, an address, a prefix, or any. Without a default
// everything is allowed that no rule denies. The file's name is for errors, which name the line.
func ParseRules(file, text string) (*Rules, error) {
	r := &Rules{Default: Allow}
	defaultAt := 0
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		err := error(nil)
		switch {
		case words[0] != "default":
			err = r.add(words)
		case defaultAt != 0:
			err = fmt.Errorf("line %d has a default already: remove one", defaultAt)
		case len(words) != 2:
			err = fmt.Errorf("write %q or %q", "default allow", "default deny")
		default:
			defaultAt = i + 1
			r.Default, err = parseVerdict(words[1])
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
	}
	return r, nil
}

// mostRules bounds the work that a packet can make.
const mostRules = 1000

func (r *Rules) add(words []string) (err error) {
	const verdict, protocol, from, fromSide, to, toSide, port, ports = 0, 1, 2, 3, 4, 5, 6, 7
	if len(r.List) == mostRules {
		return fmt.Errorf("there are more than %d rules: put guests that may do the same into one prefix", mostRules)
	}
	var rule Rule
	if rule.Verdict, err = parseVerdict(words[verdict]); err != nil {
		return err
	}
	short := len(words) == port || len(words) == ports+1 && words[port] == "port"
	if !short || words[from] != "from" || words[to] != "to" {
		return fmt.Errorf("write %q", words[verdict]+" PROTOCOL from SIDE to SIDE [port PORTS]")
	}
	if rule.Protocol, err = parseProtocol(words[protocol]); err != nil {
		return err
	}
	if rule.From, err = parseSide(words[fromSide]); err != nil {
		return err
	}
	if rule.To, err = parseSide(words[toSide]); err != nil {
		return err
	}
	if len(words) > port {
		if words[protocol] != "tcp" && words[protocol] != "udp" {
			return fmt.Errorf("%s has no ports: use tcp or udp", words[protocol])
		}
		if rule.Ports, err = parsePorts(words[ports]); err != nil {
			return err
		}
	}
	r.List = append(r.List, rule)
	return nil
}

func parseVerdict(word string) (Verdict, error) {
	switch word {
	case "allow":
		return Allow, nil
	case "deny":
		return Deny, nil
	}
	return Deny, fmt.Errorf("%.40q: use allow or deny", word)
}

var protocols = map[string]Protocol{"any": AnyProtocol, "icmp": AnyICMP, "tcp": 6, "udp": 17}

func parseProtocol(word string) (Protocol, error) {
	if p, ok := protocols[word]; ok {
		return p, nil
	}
	if n, err := strconv.ParseUint(word, 10, 8); err == nil {
		return Protocol(n), nil
	}
	return 0, fmt.Errorf("%.40q is no protocol: use tcp, udp, icmp, any, or a number up to %d", word, lastProtocol)
}

func parseSide(word string) (Side, error) {
	if word == anyPort {
		return Side{}, nil
	}
	if a, err := netip.ParseAddr(word); err == nil {
		return Side{Prefix: netip.PrefixFrom(a.WithZone(""), a.BitLen())}, nil
	}
	if strings.Contains(word, "/") {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			return Side{}, fmt.Errorf("%.40q is no prefix such as 10.0.0.0/8", word)
		}
		if p != p.Masked() {
			return Side{}, fmt.Errorf("%v has bits behind the prefix: use %v", p, p.Masked())
		}
		return Side{Prefix: p}, nil
	}
	return Side{Port: word}, checkName(word)
}

func parsePorts(word string) (ranges []PortRange, err error) {
	for part := range strings.SplitSeq(word, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err1 := strconv.ParseUint(first, 10, 16)
		to, err2 := strconv.ParseUint(last, 10, 16)
		if err1 != nil || err2 != nil || from > to || from == 0 {
			return nil, fmt.Errorf("%.40q are no ports: use such as 80 or 8000-8080, from 1 to 65535, with commas between", part)
		}
		ranges = append(ranges, PortRange{uint16(from), uint16(to)})
	}
	return ranges, nil
}

// String is the rules as text, which ParseRules reads.
func (r *Rules) String() string {
	var b strings.Builder
	for i := range r.List {
		b.WriteString(r.List[i].String() + "\n")
	}
	return b.String() + "default " + r.Default.String() + "\n"
}

func (r *Rule) String() string {
	s := r.Verdict.String() + " " + r.Protocol.String() + " from " + r.From.String() + " to " + r.To.String()
	for i, p := range r.Ports {
		s += []string{" port ", ","}[min(i, 1)] + strconv.Itoa(int(p.First))
		if p.Last != p.First {
			s += "-" + strconv.Itoa(int(p.Last))
		}
	}
	return s
}

func (v Verdict) String() string {
	if v == Allow {
		return "allow"
	}
	return "deny"
}

func (p Protocol) String() string {
	for name, number := range protocols {
		if number == p {
			return name
		}
	}
	return strconv.Itoa(int(p))
}

func (s Side) String() string {
	switch {
	case s.Port != "":
		return s.Port
	case s.Prefix.IsValid():
		return s.Prefix.String()
	}
	return anyPort
}
