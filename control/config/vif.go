package config

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"
)

const vifExample = "mac=00:16:3e:00:00:01,bridge=br0"

var vifParameters = []string{"mac", "bridge", "ip"}

// What xl-network-configuration(5) has besides, and what to do about it.
var vifElsewhere = map[string]string{
	"backend":    "the control domain is every interface's back end; remove it",
	"devid":      "interfaces are numbered in the list's order; remove it",
	"gatewaydev": "the host's network has one gateway; remove it",
	"model":      "a paravirtual guest has no emulated card; remove it",
	"rate":       "there is no limit of an interface's rate; remove it",
	"script":     "the switch needs no script; remove it",
	"type":       "all interfaces are virtual ones; remove it",
	"vifname":    "interfaces are known by the guest's name and their number; remove it",
}

func (r *reader) vifs() {
	r.list(MaxVIFs, vifExample, func(line int, s string) {
		before := len(r.errs)
		v := r.vif(line, s)
		for _, o := range r.guest.VIFs {
			if o.MAC == v.MAC {
				r.failAt(line, "two interfaces have the mac %s; give each its own", v.MAC)
			}
		}
		if len(r.errs) == before {
			r.guest.VIFs = append(r.guest.VIFs, v)
		}
	})
}

// vif reads the description of one interface; the empty one is good too.
func (r *reader) vif(line int, s string) (v VIF) {
	p := pairs{r, line, vifParameters, map[string]string{}}
	v.MAC = madeMAC(r.guest.Name, len(r.guest.VIFs))
	for _, f := range fields(s) {
		remedy, other := vifElsewhere[f.key]
		switch {
		case !f.named && f.value == "": // an empty string, a comma too many
		case !f.named:
			r.failAt(line, "%q has no name; write '%s'", f.value, vifExample)
			return v
		case other:
			r.failAt(line, "the parameter %q of xl is not one of Tuco's: %s", f.key, remedy)
			return v
		case !p.set(f.key, f.value):
			return v
		}
	}
	if s, ok := p.got["mac"]; ok {
		if err := v.MAC.UnmarshalText([]byte(s)); err != nil {
			r.failAt(line, "%v", err)
		}
	}
	if s, ok := p.got["bridge"]; ok {
		if !plainName(s) {
			r.failAt(line, "%q can't be a bridge's name: it has letters, digits, '.', '_' and '-'", s)
		}
		v.Bridge = s
	}
	if s, ok := p.got["ip"]; ok {
		ip, err := netip.ParseAddr(s)
		if err != nil || !ip.Is4() {
			r.failAt(line, "%q is no IPv4 address; write ip=10.0.0.2, say", s)
		}
		v.IP = ip
	}
	return v
}

// MAC is the address of an interface.
type MAC [6]byte

// String is the usual notation, 00:16:3e:01:02:03.
func (m MAC) String() string { return net.HardwareAddr(m[:]).String() }

// MarshalText is String.
func (m MAC) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the usual notation, of an address that a single interface can have.
func (m *MAC) UnmarshalText(text []byte) error {
	hw, err := net.ParseMAC(string(text))
	if err != nil || len(hw) != len(m) {
		return fmt.Errorf("%q is no mac; write six bytes like 00:16:3e:00:00:01", text)
	}
	if hw[0]&1 != 0 || [6]byte(hw) == (MAC{}) {
		return fmt.Errorf("the mac %s is not of one interface; write one like 00:16:3e:00:00:01", hw)
	}
	*m = MAC(hw)
	return nil
}

// madeMAC is the address of a guest's interface that was given none, in Xen's range.
func madeMAC(name string, index int) MAC {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", name, index))
	return MAC{0x00, 0x16, 0x3e, sum[0] & 0x7f, sum[1], sum[2]}
}
