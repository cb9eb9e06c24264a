package vswitch_test

import (
	"fmt"
	"log"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/vswitch"
)

func (w *world) rules(text string) {
	w.t.Helper()
	r, err := vswitch.ParseRules("rules", text)
	require.NoError(w.t, err)
	w.SetRules(r)
}

func TestParseRules(t *testing.T) {
	r, err := vswitch.ParseRules("rules", `
# who may ask whom
allow tcp from web to db port 5432   # only this
allow udp from any to gateway port 53,67-68
deny any from guest-7 to 10.0.0.0/8
allow icmp from 10.0.0.1 to fd00::/64
deny 47 from any to any
default deny
`)
	require.NoError(t, err)
	const text = `allow tcp from web to db port 5432
allow udp from any to gateway port 53,67-68
deny any from guest-7 to 10.0.0.0/8
allow icmp from 10.0.0.1/32 to fd00::/64
deny 47 from any to any
default deny
`
	assert.Equal(t, text, r.String())
	again, err := vswitch.ParseRules("again", text)
	require.NoError(t, err)
	assert.Equal(t, r, again)

	for line, want := range map[string]string{
		"permit tcp from a to b":                       `"permit": use allow or deny`,
		"allow":                                        `write "allow PROTOCOL from SIDE to SIDE [port PORTS]"`,
		"allow tcp from a to":                          "write",
		"allow tcp to a from b":                        "write",
		"allow tcp from a to b port":                   "write",
		"allow tcp from a to b ports 80":               "write",
		"allow tcp from a to b port 80 81":             "write",
		"allow sctp from a to b":                       `"sctp" is no protocol`,
		"allow 256 from a to b":                        "is no protocol",
		"allow icmp from a to b port 80":               "icmp has no ports",
		"allow tcp from a to b port http":              `"http" are no ports`,
		"allow tcp from a to b port 90-80":             "are no ports",
		"allow tcp from a to b port 80,":               "are no ports",
		"allow tcp from a to b port 0":                 "are no ports",
		"allow tcp from a to b port 65536":             "are no ports",
		"allow tcp from a to 10.0.0.1/8":               "10.0.0.1/8 has bits behind the prefix: use 10.0.0.0/8",
		"allow tcp from a to 10.0.0.0/33":              "is no prefix",
		"allow tcp from a! to b":                       "can't be a port's name",
		"default":                                      "write",
		"default maybe":                                `"maybe": use allow or deny`,
		"default deny\ndefault deny":                   "line 2 has a default already",
		strings.Repeat("deny any from a to b\n", 1001): "more than 1000 rules",
	} {
		_, err := vswitch.ParseRules("rules", "\n"+line)
		require.ErrorContains(t, err, want, line)
		assert.Regexp(t, `^rules:\d+: `, err.Error())
	}
}

// TestFirewall: the first rule that matches decides, and answers pass.
func TestFirewall(t *testing.T) {
	w := newWorld(t, vswitch.Limits{})
	a, b, up := w.guest("a", 1), w.guest("b", 2), w.trusted("up", 9)
	assert.True(t, passes(a, b, w.udp(a, b, 1, 2)), "no rules")

	w.rules("allow tcp from a to b port 80,8000-8080\ndeny tcp from a to any\nallow udp from any to 10.0.0.2\ndefault deny")
	for _, c := range []struct {
		port uint16
		good bool
	}{{79, false}, {80, true}, {81, false}, {7999, false}, {8000, true}, {8080, true}, {8081, false}} {
		assert.Equal(t, c.good, passes(a, b, w.tcp(a, b, 1000, c.port, syn)), c.port)
	}
	assert.EqualValues(t, 4, a.Stats().Denied)
	assert.True(t, passes(b, a, w.tcp(b, a, 80, 1000, ack)), "the answer")
	assert.False(t, passes(b, a, w.tcp(b, a, 80, 1001, ack)), "no answer to anything")
	assert.False(t, passes(b, a, w.tcp(b, a, 1000, 80, syn)), "b may not ask")
	assert.False(t, passes(up, a, w.tcp(&guest{mac: up.mac, ip: b.ip}, a, 80, 1000, ack)), "from elsewhere")
	assert.True(t, passes(up, b, w.udp(up, b, 5, 6)))
	assert.False(t, passes(up, a, w.udp(up, a, 5, 6)))
	assert.True(t, passes(b, up, w.udp(b, up, 6, 5)), "the answer")
	assert.Contains(t, w.Rules().String(), "port 80,8000-8080")

	w.rules("default deny")
	assert.False(t, passes(b, a, w.tcp(b, a, 80, 1000, ack)), "what other rules allowed is forgotten")
	assert.True(t, passes(a, b, build(t, ether(a.mac, b.mac, layers.EthernetTypeARP), &layers.ARP{
		AddrType: 1, Protocol: 0x800, HwAddressSize: 6, ProtAddressSize: 4, Operation: 2,
		SourceHwAddress: a.mac[:], SourceProtAddress: a.ip.AsSlice(), DstHwAddress: b.mac[:], DstProtAddress: b.ip.AsSlice(),
	})), "ARP passes")

	nobody := &guest{mac: a.mac, ip: netip.IPv4Unspecified()}
	assert.True(t, passes(a, up, w.udp(nobody, up, 68, 67)), "DHCP passes")
	assert.True(t, passes(up, a, w.udp(up, a, 67, 68)))
	assert.False(t, passes(a, b, w.udp(a, b, 68, 67)), "but not between guests")
}

// TestFlowTimes: an answer passes only for some time.
func TestFlowTimes(t *testing.T) {
	for name, c := range map[string]struct {
		begin func(w *world, a, b *guest)
		after time.Duration
	}{
		"UDP":        {func(w *world, a, b *guest) { a.send(w.udp(a, b, 1, 2)) }, 2 * time.Minute},
		"attempt":    {func(w *world, a, b *guest) { a.send(w.tcp(a, b, 1, 2, syn)) }, 30 * time.Second},
		"connection": {func(w *world, a, b *guest) { a.send(w.tcp(a, b, 1, 2, syn)); b.send(w.tcp(b, a, 2, 1, ack)) }, time.Hour},
		"ended":      {func(w *world, a, b *guest) { a.send(w.tcp(a, b, 1, 2, syn)); b.send(w.tcp(b, a, 2, 1, fin)) }, 30 * time.Second},
		"refreshed by both": {func(w *world, a, b *guest) {
			a.send(w.udp(a, b, 1, 2))
			w.advance(100 * time.Second)
			b.send(w.udp(b, a, 2, 1))
			w.advance(100 * time.Second)
			a.send(w.udp(a, b, 1, 2))
		}, 2 * time.Minute},
	} {
		for _, late := range []bool{false, true} {
			w := newWorld(t, vswitch.Limits{})
			a, b := w.guest("a", 1), w.guest("b", 2)
			w.rules("allow any from a to b\ndefault deny")
			c.begin(w, a, b)
			w.advance(c.after)
			if late {
				w.advance(1)
			}
			answer := w.tcp(b, a, 2, 1, ack)
			if name == "UDP" || name == "refreshed by both" {
				answer = w.udp(b, a, 2, 1)
			}
			assert.Equal(t, !late, passes(b, a, answer), "%s, late: %v", name, late)
		}
	}
}

// TestFlowLimit: a guest that opens too many flows harms itself only.
func TestFlowLimit(t *testing.T) {
	w := newWorld(t, vswitch.Limits{Flows: 10})
	a, b, c := w.guest("a", 1), w.guest("b", 2), w.guest("c", 3)
	w.rules("deny any from c to a")
	for n := range uint16(15) {
		assert.Equal(t, n < 10, passes(a, b, w.udp(a, b, 100+n, 5)), n)
	}
	assert.EqualValues(t, 5, a.Stats().NoRoom)
	assert.True(t, passes(a, b, w.udp(a, b, 105, 5)), "what is known goes on")
	assert.True(t, passes(b, a, w.udp(b, a, 5, 105)))
	assert.True(t, passes(c, b, w.udp(c, b, 1, 1)))
	w.advance(2*time.Minute + 1)
	assert.True(t, passes(a, b, w.udp(a, b, 200, 5)), "the old ones are over")
	a.Remove()
	a = w.guest("a", 1)
	for n := range uint16(10) {
		assert.True(t, passes(a, b, w.udp(a, b, 300+n, 5)), n)
	}
	a.SetAddresses(a.ip)
	assert.True(t, passes(a, b, w.udp(a, b, 400, 5)), "nothing is remembered of other addresses")
}

// TestErrors: an ICMP error passes if it is about a flow, and only between its two sides.
func TestErrors(t *testing.T) {
	w := newWorld(t, vswitch.Limits{})
	a, b, c := w.guest("a", 1), w.guest("b", 2), w.guest("c", 3)
	w.rules("allow udp from a to b\ndefault deny")
	asked := w.udp(a, b, 1000, 2000)
	unreachable := func(from *guest, about []byte) []byte {
		return w.ipFrame(from, a, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 3)}, about[14:42])
	}
	assert.False(t, passes(b, a, unreachable(b, asked)), "nothing was asked")
	require.True(t, passes(a, b, asked))
	assert.True(t, passes(b, a, unreachable(b, asked)))
	assert.False(t, passes(c, a, unreachable(c, asked)))
	assert.False(t, passes(b, a, unreachable(b, w.udp(a, b, 1001, 2000))))
	require.True(t, passes(b, a, w.udp(b, a, 2000, 1000)))
	back := w.ipFrame(a, b, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 3)}, w.udp(b, a, 2000, 1000)[14:42])
	assert.True(t, passes(a, b, back), "about the answer")
}

// TestFragments: one with no ports is denied in doubt.
func TestFragments(t *testing.T) {
	w := newWorld(t, vswitch.Limits{})
	a, b := w.guest("a", 1), w.guest("b", 2)
	later := build(t, ether(a.mac, b.mac, layers.EthernetTypeIPv4), &layers.IPv4{
		Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, FragOffset: 100, SrcIP: a.ip.AsSlice(), DstIP: b.ip.AsSlice(),
	}, gopacket.Payload("the rest"))
	for rules, good := range map[string]bool{
		"deny udp from a to b port 53":                false,
		"deny tcp from a to b port 53":                true,
		"allow udp from a to b port 53\ndefault deny": false,
		"allow udp from a to b\ndefault deny":         true,
	} {
		w.rules(rules)
		assert.Equal(t, good, passes(a, b, later), rules)
	}
}

// TestBroadcastRules: a frame for several goes to those that rules allow.
func TestBroadcastRules(t *testing.T) {
	w := newWorld(t, vswitch.Limits{})
	a, b, c := w.guest("a", 1), w.guest("b", 2), w.guest("c", 3)
	w.rules("deny any from a to b")
	everybody := w.trusted("up", 9)
	everybody.mac, everybody.ip = [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, netip.MustParseAddr("255.255.255.255")
	a.send(w.udp(a, everybody, 1, 2))
	assert.Empty(t, b.take())
	assert.Len(t, c.take(), 1)
	assert.Zero(t, a.Stats().Denied, "somebody got it")
}

func ExampleParseRules() {
	rules, err := vswitch.ParseRules("net.rules", "allow tcp from web to db port 5432\ndefault deny\n")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(rules)
	_, err = vswitch.ParseRules("net.rules", "\nallow tcp from web to db port postgres\n")
	fmt.Println(err)
	// Output:
	// allow tcp from web to db port 5432
	// default deny
	// net.rules:2: "postgres" are no ports: use such as 80 or 8000-8080, from 1 to 65535, with commas between
}
