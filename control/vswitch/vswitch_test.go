package vswitch_test

import (
	"bytes"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/packet"
	"tuco/control/vswitch"
)

// clock is a time that tests move.
type clock struct{ nanoseconds atomic.Int64 }

func (c *clock) now() time.Time           { return time.Unix(1e9, c.nanoseconds.Load()) }
func (c *clock) advance(by time.Duration) { c.nanoseconds.Add(int64(by)) }

// catcher keeps what is delivered.
type catcher struct {
	mu     sync.Mutex
	frames []packet.Frame
	calls  int
}

func (c *catcher) Deliver(frames []packet.Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	for _, f := range frames {
		f.Data = bytes.Clone(f.Data)
		c.frames = append(c.frames, f)
	}
}

// take returns what was delivered since it was called last.
func (c *catcher) take() []packet.Frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	frames := c.frames
	c.frames = nil
	return frames
}

// guest is a port with a catcher.
type guest struct {
	*vswitch.Port
	catcher
	mac packet.MAC
	ip  netip.Addr
}

func (g *guest) send(frames ...[]byte) {
	batch := make([]packet.Frame, len(frames))
	for i := range frames {
		batch[i].Data = bytes.Clone(frames[i])
	}
	g.Receive(batch)
}

type world struct {
	*vswitch.Switch
	clock
	t testing.TB
}

func newWorld(t testing.TB, limits vswitch.Limits) *world {
	w := &world{t: t}
	w.Switch = vswitch.New(limits, w.now)
	return w
}

// guest adds a port with a fixed address: 00:16:3e:00:00:n and 10.0.0.n.
func (w *world) guest(name string, n byte, change ...func(*vswitch.Options)) *guest {
	g := &guest{mac: packet.MAC{0, 0x16, 0x3e, 0, 0, n}, ip: netip.AddrFrom4([4]byte{10, 0, 0, n})}
	o := vswitch.Options{Name: name, MAC: g.mac, Addresses: []netip.Addr{g.ip}, Takes: packet.TakesAll}
	for _, c := range change {
		c(&o)
	}
	var err error
	g.Port, err = w.Add(o, &g.catcher)
	require.NoError(w.t, err)
	return g
}

// trusted adds a port with no fixed address; its frames say what guest n's do.
func (w *world) trusted(name string, n byte) *guest {
	return w.guest(name, n, func(o *vswitch.Options) { o.MAC, o.Addresses, o.Trusted = packet.MAC{}, nil, true })
}

func build(t testing.TB, l ...gopacket.SerializableLayer) []byte {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, l...))
	return b.Bytes()
}

func ether(from, to packet.MAC, kind layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: from[:], DstMAC: to[:], EthernetType: kind}
}

func ip(from, to netip.Addr, protocol layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, Protocol: protocol, SrcIP: from.AsSlice(), DstIP: to.AsSlice()}
}

// ipFrame is a frame between guests with an IPv4 packet of some transport.
func (w *world) ipFrame(from, to *guest, transport gopacket.SerializableLayer, data []byte) []byte {
	w.t.Helper()
	var header *layers.IPv4
	switch l := transport.(type) {
	case *layers.TCP:
		header = ip(from.ip, to.ip, layers.IPProtocolTCP)
		require.NoError(w.t, l.SetNetworkLayerForChecksum(header))
	case *layers.UDP:
		header = ip(from.ip, to.ip, layers.IPProtocolUDP)
		require.NoError(w.t, l.SetNetworkLayerForChecksum(header))
	case *layers.ICMPv4:
		header = ip(from.ip, to.ip, layers.IPProtocolICMPv4)
	}
	return build(w.t, ether(from.mac, to.mac, layers.EthernetTypeIPv4), header, transport, gopacket.Payload(data))
}

func (w *world) udp(from, to *guest, src, dst uint16) []byte {
	return w.ipFrame(from, to, &layers.UDP{SrcPort: layers.UDPPort(src), DstPort: layers.UDPPort(dst)}, []byte("data"))
}

func (w *world) tcp(from, to *guest, src, dst uint16, change func(*layers.TCP)) []byte {
	l := &layers.TCP{SrcPort: layers.TCPPort(src), DstPort: layers.TCPPort(dst), Window: 1000}
	change(l)
	return w.ipFrame(from, to, l, nil)
}

func syn(l *layers.TCP) { l.SYN = true }
func ack(l *layers.TCP) { l.ACK = true }
func fin(l *layers.TCP) { l.FIN, l.ACK = true, true }

// passes tells whether a frame from one guest comes to another.
func passes(from, to *guest, frame []byte) bool {
	to.take()
	from.send(frame)
	return len(to.take()) == 1
}

func raw(from, to packet.MAC, kind uint16) []byte {
	return append(append(append([]byte{}, to[:]...), from[:]...), byte(kind>>8), byte(kind), 1, 2, 3)
}

func TestLearning(t *testing.T) {
	w := newWorld(t, vswitch.Limits{Addresses: 3, Age: time.Minute})
	a, b, c := w.trusted("a", 1), w.trusted("b", 2), w.trusted("c", 3)
	mac := func(n byte) packet.MAC { return packet.MAC{2, 0, 0, 0, 0, n} }

	a.send(raw(mac(1), mac(2), 0x88b5))
	assert.Len(t, b.take(), 1, "nobody is known to have it")
	assert.Len(t, c.take(), 1)
	b.send(raw(mac(2), mac(1), 0x88b5))
	assert.Len(t, a.take(), 1)
	assert.Empty(t, c.take(), "it was learned where the address is")

	owner, fixed := w.Owner(mac(1))
	assert.Equal(t, a.Port, owner)
	assert.False(t, fixed)
	c.send(raw(mac(1), mac(2), 0x88b5))
	owner, _ = w.Owner(mac(1))
	assert.Equal(t, c.Port, owner, "it has moved")
	b.take()

	c.send(raw(mac(1), mac(1), 0x88b5))
	assert.EqualValues(t, 1, c.Stats().Nowhere, "to where it comes from")

	for n := range byte(10) {
		a.send(raw(mac(10+n), mac(2), 0x88b5))
	}
	owner, _ = w.Owner(mac(10))
	assert.Equal(t, a.Port, owner)
	owner, _ = w.Owner(mac(11))
	assert.Nil(t, owner, "the table is full")
	w.advance(time.Minute + time.Second)
	owner, _ = w.Owner(mac(10))
	assert.Nil(t, owner, "too old")
	a.send(raw(mac(11), mac(2), 0x88b5))
	owner, _ = w.Owner(mac(11))
	assert.Equal(t, a.Port, owner)
	a.Remove()
	owner, _ = w.Owner(mac(11))
	assert.Nil(t, owner)
	a.send(raw(mac(11), packet.Broadcast, 0x88b5))
	b.take()
	a.send(raw(mac(11), packet.Broadcast, 0x88b5))
	assert.Empty(t, b.take(), "its port is not there any more")

	b.send(raw(packet.MAC{3, 0, 0, 0, 0, 1}, mac(1), 0x88b5))
	assert.EqualValues(t, 1, b.Stats().Spoofed, "a group sends nothing")
	b.send(raw(mac(2), packet.MAC{1, 0x80, 0xc2, 0, 0, 3}, 0x88b5))
	assert.EqualValues(t, 1, b.Stats().Nowhere, "it ends at the first bridge")
	b.send([]byte("short"))
	assert.EqualValues(t, 1, b.Stats().Malformed)
}

func TestFixedAddresses(t *testing.T) {
	w := newWorld(t, vswitch.Limits{})
	a, b, up := w.guest("a", 1), w.guest("b", 2), w.trusted("up", 9)
	up.send(raw(a.mac, packet.Broadcast, 0x88b5))
	assert.EqualValues(t, 1, up.Stats().Spoofed, "a guest is not behind the uplink")
	owner, fixed := w.Owner(a.mac)
	assert.Equal(t, a.Port, owner)
	assert.True(t, fixed)

	a.send(w.udp(a, b, 1, 2))
	assert.Len(t, b.take(), 1)
	assert.Empty(t, up.take())
	stranger := &guest{mac: packet.MAC{2, 0, 0, 0, 0, 7}, ip: b.ip}
	a.send(w.udp(a, stranger, 1, 2))
	assert.Len(t, up.take(), 1, "whoever it is, it may be there")
	assert.Empty(t, b.take(), "and is not here")
}

// TestFilter: what a guest may say that it is.
func TestFilter(t *testing.T) {
	w := newWorld(t, vswitch.Limits{})
	a, b := w.guest("a", 1), w.guest("b", 2, func(o *vswitch.Options) {
		o.IPv6, o.Addresses = true, append(o.Addresses, netip.MustParseAddr("fd00::2"))
	})
	up := w.trusted("up", 9)
	zero, all := netip.IPv4Unspecified(), netip.MustParseAddr("255.255.255.255")
	arp := func(operation uint16, mac packet.MAC, address netip.Addr) []byte {
		return build(t, ether(a.mac, packet.Broadcast, layers.EthernetTypeARP), &layers.ARP{
			AddrType: 1, Protocol: 0x800, HwAddressSize: 6, ProtAddressSize: 4, Operation: operation,
			SourceHwAddress: mac[:], SourceProtAddress: address.AsSlice(), DstHwAddress: make([]byte, 6), DstProtAddress: b.ip.AsSlice(),
		})
	}
	udp := func(from, to netip.Addr, src, dst uint16) []byte {
		header, l := ip(from, to, layers.IPProtocolUDP), &layers.UDP{SrcPort: layers.UDPPort(src), DstPort: layers.UDPPort(dst)}
		require.NoError(t, l.SetNetworkLayerForChecksum(header))
		return build(t, ether(a.mac, packet.Broadcast, layers.EthernetTypeIPv4), header, l)
	}
	six := func(from string, next layers.IPProtocol, data ...byte) []byte {
		return build(t, ether(b.mac, packet.Broadcast, layers.EthernetTypeIPv6), &layers.IPv6{
			Version: 6, HopLimit: 255, NextHeader: next, SrcIP: net.ParseIP(from), DstIP: net.ParseIP("ff02::1"),
		}, gopacket.Payload(append(data, make([]byte, 40)...)))
	}
	udp6 := func(from string, src, dst byte) []byte { return six(from, layers.IPProtocolUDP, 2, src, 0, dst, 0, 44) }
	advertise := func(target string) []byte {
		return six("fd00::2", layers.IPProtocolICMPv6, append([]byte{136, 0, 0, 0, 0, 0, 0, 0}, net.ParseIP(target)...)...)
	}
	const local = "fe80::216:3eff:fe00:2" // b's
	bare := &guest{mac: packet.MAC{0, 0x16, 0x3e, 0, 0, 0x11}, ip: a.ip}

	for name, c := range map[string]struct {
		from  *guest
		frame []byte
		good  bool
	}{
		"own":                        {a, udp(a.ip, up.ip, 1, 2), true},
		"another's MAC":              {a, w.udp(bare, up, 1, 2), false},
		"another's address":          {a, udp(b.ip, up.ip, 1, 2), false},
		"no address":                 {a, udp(zero, up.ip, 1, 2), false},
		"address wanted":             {a, udp(zero, all, 68, 67), true},
		"as a DHCP server":           {a, udp(a.ip, all, 67, 68), false},
		"ARP request":                {a, arp(1, a.mac, a.ip), true},
		"ARP probe":                  {a, arp(1, a.mac, zero), true},
		"ARP answer":                 {a, arp(2, a.mac, a.ip), true},
		"ARP answer of nobody":       {a, arp(2, a.mac, zero), false},
		"ARP with another's MAC":     {a, arp(1, b.mac, a.ip), false},
		"ARP with another's address": {a, arp(2, a.mac, b.ip), false},
		"reverse ARP":                {a, arp(3, a.mac, a.ip), false},
		"cut ARP":                    {a, arp(1, a.mac, a.ip)[:41], false},
		"VLAN":                       {a, raw(a.mac, up.mac, packet.VLAN), false},
		"another kind":               {a, raw(a.mac, up.mac, 0x88cc), false},
		"IPv6 where it is not on":    {a, append(bytes.Clone(six(local, layers.IPProtocolNoNextHeader))[:6], append(a.mac[:], six(local, layers.IPProtocolNoNextHeader)[12:]...)...), false},
		"link-local":                 {b, six(local, layers.IPProtocolNoNextHeader), true},
		"another's link-local":       {b, six("fe80::216:3eff:fe00:3", layers.IPProtocolNoNextHeader), false},
		"own IPv6":                   {b, six("fd00::2", layers.IPProtocolNoNextHeader), true},
		"another's IPv6":             {b, six("fd00::3", layers.IPProtocolNoNextHeader), false},
		"solicitation of nobody":     {b, six("::", layers.IPProtocolICMPv6, 135), true},
		"UDP of nobody":              {b, udp6("::", 1, 2), false},
		"as a router":                {b, six(local, layers.IPProtocolICMPv6, 134), false},
		"redirect":                   {b, six(local, layers.IPProtocolICMPv6, 137), false},
		"neighbour, itself":          {b, advertise("fd00::2"), true},
		"neighbour, itself locally":  {b, advertise(local), true},
		"neighbour, another":         {b, advertise("fd00::3"), false},
		"fragment of ICMPv6":         {b, six(local, layers.IPProtocolIPv6Fragment, 58, 0, 0, 1, 0, 0, 0, 9, 128), false},
		"as a DHCPv6 server":         {b, udp6(local, 0x23, 0x22), false},
		"as a DHCPv6 client":         {b, udp6(local, 0x22, 0x23), true},
	} {
		before := c.from.Stats()
		assert.Equal(t, c.good, passes(c.from, up, c.frame), name)
		after := c.from.Stats()
		assert.Equal(t, !c.good, after.Spoofed == before.Spoofed+1, name)
	}

	require.False(t, passes(a, up, udp(netip.MustParseAddr("10.0.0.77"), up.ip, 1, 2)))
	a.SetAddresses(netip.MustParseAddr("10.0.0.77"))
	assert.True(t, passes(a, up, udp(netip.MustParseAddr("10.0.0.77"), up.ip, 1, 2)))
	assert.False(t, passes(a, up, udp(a.ip, up.ip, 1, 2)))
}

func TestFloodLimit(t *testing.T) {
	w := newWorld(t, vswitch.Limits{})
	a := w.guest("a", 1, func(o *vswitch.Options) { o.Floods = 10 })
	b := w.guest("b", 2)
	everybody := &guest{mac: packet.Broadcast, ip: netip.MustParseAddr("255.255.255.255")}
	sent := func(n int) (came int) {
		for range n {
			a.send(w.udp(a, everybody, 1, 2))
		}
		return len(b.take())
	}
	assert.Equal(t, 10, sent(15))
	assert.EqualValues(t, 5, a.Stats().Flooded)
	w.advance(99 * time.Millisecond)
	assert.Equal(t, 0, sent(1))
	w.advance(time.Millisecond)
	assert.Equal(t, 1, sent(2))
	w.advance(350 * time.Millisecond)
	assert.Equal(t, 3, sent(5))
	w.advance(50 * time.Millisecond)
	assert.Equal(t, 1, sent(5), "what was left over counts")
	w.advance(time.Hour)
	assert.Equal(t, 10, sent(50))
	assert.True(t, passes(a, b, w.udp(a, b, 1, 2)), "the limit is not about frames for one port")
}

func TestAdd(t *testing.T) {
	w := newWorld(t, vswitch.Limits{Ports: 2})
	for _, name := range []string{"", "any", "a b", "ä", "10.0.0.1", "fe80::1", "x/y", string(bytes.Repeat([]byte("a"), 65))} {
		_, err := w.Add(vswitch.Options{Name: name, Trusted: true}, &catcher{})
		assert.ErrorContains(t, err, "can't be a port's name", name)
	}
	a := w.guest("a", 1)
	_, err := w.Add(vswitch.Options{Name: "b"}, &catcher{})
	assert.ErrorContains(t, err, "needs a MAC")
	_, err = w.Add(vswitch.Options{Name: "a", Trusted: true}, &catcher{})
	assert.ErrorContains(t, err, "choose another")
	_, err = w.Add(vswitch.Options{Name: "b", MAC: a.mac}, &catcher{})
	assert.ErrorContains(t, err, "port a has the address 00:16:3e:00:00:01")
	w.guest("b", 2)
	_, err = w.Add(vswitch.Options{Name: "c", Trusted: true}, &catcher{})
	assert.ErrorContains(t, err, "2 ports already")
	a.Remove()
	assert.Nil(t, w.Port("a"))
	assert.Len(t, w.Ports(), 1)
	again := w.guest("a", 1)
	assert.Equal(t, again.Port, w.Port("a"))
	assert.Equal(t, "a", w.Port("a").Name())
	assert.Equal(t, 1500, w.Port("a").Options().MTU)
}

// TestOffloads: a long segment goes uncut to who can take it, and in pieces to others.
func TestOffloads(t *testing.T) {
	w := newWorld(t, vswitch.Limits{})
	a, able := w.guest("a", 1), w.guest("able", 2)
	plain := w.guest("plain", 3, func(o *vswitch.Options) { o.Takes = 0 })
	sums := w.guest("sums", 4, func(o *vswitch.Options) { o.Takes = packet.TakesBlank4 })
	data := bytes.Repeat([]byte("0123456789"), 6400)
	long := func(to *guest) packet.Frame {
		l := &layers.TCP{SrcPort: 1, DstPort: 2, ACK: true, PSH: true}
		return packet.Frame{Data: w.ipFrame(a, to, l, data), Blank: true, Segments: packet.TCPv4, MSS: 1460}
	}
	a.Receive([]packet.Frame{long(able)})
	got := able.take()
	require.Len(t, got, 1)
	want := long(able)
	info, err := packet.Parse(want.Data)
	require.NoError(t, err)
	info.Seed(&want)
	assert.Equal(t, want, got[0])

	for _, to := range []*guest{plain, sums} {
		small := packet.Frame{Data: w.tcp(a, to, 1, 2, ack)}
		a.Receive([]packet.Frame{small, long(to), small, long(to), small})
		var whole []byte
		frames := to.take()
		require.Len(t, frames, 3+2*44)
		for i, f := range frames {
			p := gopacket.NewPacket(f.Data, layers.LayerTypeEthernet, gopacket.Default)
			require.Nil(t, p.ErrorLayer())
			l := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
			require.NoError(t, l.SetNetworkLayerForChecksum(p.NetworkLayer()))
			err, wrong := p.VerifyChecksums()
			require.NoError(t, err)
			require.Empty(t, wrong)
			require.False(t, f.Blank)
			require.Equal(t, packet.Whole, f.Segments)
			require.Equal(t, i == 0 || i == 45 || i == 90, len(l.Payload) == 0)
			whole = append(whole, l.Payload...)
		}
		assert.Equal(t, append(bytes.Clone(data), data...), whole)
	}

	blank := func(to *guest) packet.Frame {
		f := packet.Frame{Data: w.udp(a, to, 1, 2), Blank: true}
		f.Data[40] ^= 0x55 // in the sum
		return f
	}
	a.Receive([]packet.Frame{blank(sums), blank(plain)})
	f := sums.take()[0]
	assert.True(t, f.Blank)
	seeded := packet.Frame{Data: w.udp(a, sums, 1, 2), Blank: true}
	info, err = packet.Parse(seeded.Data)
	require.NoError(t, err)
	info.Seed(&seeded)
	assert.Equal(t, seeded, f, "the sum of the pseudo-header is there, whatever was")
	f = plain.take()[0]
	assert.Equal(t, w.udp(a, plain, 1, 2), f.Data)
	assert.True(t, f.Checked)
	plain.SetTakes(packet.TakesAll)
	a.Receive([]packet.Frame{blank(plain)})
	assert.True(t, plain.take()[0].Blank, "now it can take it so")

	tooLong := long(able)
	tooLong.MSS = 1461
	notTCP := packet.Frame{Data: w.udp(a, able, 1, 2), Segments: packet.TCPv4, MSS: 100}
	a.Receive([]packet.Frame{tooLong, {Data: long(able).Data}, notTCP, {Data: make([]byte, 1<<16)}})
	assert.Empty(t, able.take())
	assert.EqualValues(t, 2, a.Stats().TooLong)
	assert.EqualValues(t, 2, a.Stats().Malformed)
}

// TestBlankBroadcast: a sum is filled in for some and left for others, and is right for all.
func TestBlankBroadcast(t *testing.T) {
	w := newWorld(t, vswitch.Limits{})
	a := w.guest("a", 1)
	everybody := &guest{mac: packet.Broadcast, ip: netip.MustParseAddr("255.255.255.255")}
	to := []*guest{w.guest("b", 2), w.guest("c", 3, func(o *vswitch.Options) { o.Takes = 0 }), w.guest("d", 4)}
	want := w.udp(a, everybody, 5, 6)
	f := packet.Frame{Data: bytes.Clone(want), Blank: true}
	f.Data[40] ^= 0x55
	a.Receive([]packet.Frame{f})
	assert.True(t, to[0].take()[0].Blank)
	assert.Equal(t, want, to[1].take()[0].Data)
	last := to[2].take()[0]
	assert.False(t, last.Blank)
	assert.Equal(t, want, last.Data)
}

// TestOrder: one call of Receive, one of Deliver for each port, and frames in order.
func TestOrder(t *testing.T) {
	w := newWorld(t, vswitch.Limits{})
	a, b, c := w.guest("a", 1), w.guest("b", 2), w.guest("c", 3)
	var frames [][]byte
	for i := range uint16(60) {
		frames = append(frames, w.udp(a, []*guest{b, c}[i%2], i, 1))
	}
	a.send(frames...)
	for i, g := range []*guest{b, c} {
		assert.Equal(t, 1, g.calls)
		for k, f := range g.take() {
			info, err := packet.Parse(f.Data)
			require.NoError(t, err)
			assert.EqualValues(t, 2*k+i, info.SrcPort)
		}
	}
}

type tap struct{ sent, received atomic.Int64 }

func (p *tap) Frames(d vswitch.Direction, frames []packet.Frame) {
	if d == vswitch.Sent {
		p.sent.Add(int64(len(frames)))
	} else {
		p.received.Add(int64(len(frames)))
	}
}

// TestTap: it sees what the port's owner sent, refused or not, and what it got.
func TestTap(t *testing.T) {
	w := newWorld(t, vswitch.Limits{})
	a, b := w.guest("a", 1), w.guest("b", 2)
	var p tap
	a.SetTap(&p)
	a.send(w.udp(a, b, 1, 2), w.udp(b, a, 1, 2))
	b.send(w.udp(b, a, 1, 2), w.udp(b, a, 1, 2), w.udp(b, a, 1, 2))
	a.SetTap(nil)
	b.send(w.udp(b, a, 1, 2))
	assert.EqualValues(t, 2, p.sent.Load())
	assert.EqualValues(t, 3, p.received.Load())
}

// TestParallel: everything at once, for the race detector; nothing that was sent is unaccounted for.
func TestParallel(t *testing.T) {
	w := newWorld(t, vswitch.Limits{})
	guests := []*guest{w.guest("a", 1), w.guest("b", 2), w.guest("c", 3), w.trusted("up", 4)}
	rules, err := vswitch.ParseRules("rules", "deny udp from a to b port 7\nallow any from any to any")
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i, g := range guests {
		wg.Go(func() {
			for n := range uint16(300) {
				to := guests[(i+1+int(n)%3)%4]
				g.send(w.udp(g, to, n, n%10), w.tcp(g, to, n, 80, syn), raw(g.mac, packet.Broadcast, 0x88b5))
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			w.SetRules(rules)
			g := w.guest("d", 5)
			g.SetTap(&tap{})
			g.send(w.udp(g, guests[0], 1, 2))
			g.Remove()
		}
	})
	wg.Wait()
	for _, g := range guests {
		assert.EqualValues(t, 900, g.Stats().Sent)
		assert.NotEmpty(t, g.take())
	}
}
