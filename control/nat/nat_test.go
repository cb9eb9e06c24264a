package nat_test

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/nat"
	"tuco/control/packet"
)

var (
	guest  = netip.MustParseAddrPort("10.0.0.7:4000")
	uplink = netip.MustParseAddr("192.168.1.2")
	remote = netip.MustParseAddrPort("93.184.216.34:443")
)

type world struct {
	*nat.Table
	t    testing.TB
	time time.Time
}

func newWorld(t testing.TB, change func(*nat.Options)) *world {
	w := &world{t: t, time: time.Unix(1e9, 0)}
	o := nat.Options{Address: uplink, Now: func() time.Time { return w.time }}
	change(&o)
	var err error
	w.Table, err = nat.New(o)
	require.NoError(t, err)
	return w
}

func usual(*nat.Options) {}

// made is a frame with an IPv4 packet.
func made(t testing.TB, src, dst netip.AddrPort, transport gopacket.SerializableLayer, data []byte) []byte {
	t.Helper()
	header := &layers.IPv4{Version: 4, TTL: 64, SrcIP: src.Addr().AsSlice(), DstIP: dst.Addr().AsSlice()}
	switch l := transport.(type) {
	case *layers.TCP:
		header.Protocol, l.SrcPort, l.DstPort = layers.IPProtocolTCP, layers.TCPPort(src.Port()), layers.TCPPort(dst.Port())
		require.NoError(t, l.SetNetworkLayerForChecksum(header))
	case *layers.UDP:
		header.Protocol, l.SrcPort, l.DstPort = layers.IPProtocolUDP, layers.UDPPort(src.Port()), layers.UDPPort(dst.Port())
		require.NoError(t, l.SetNetworkLayerForChecksum(header))
	case *layers.ICMPv4:
		header.Protocol, l.Id = layers.IPProtocolICMPv4, src.Port()
	}
	b := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}, header, transport, gopacket.Payload(data)))
	return b.Bytes()
}

func syn() *layers.TCP { return &layers.TCP{SYN: true} }
func ack() *layers.TCP { return &layers.TCP{ACK: true} }
func echo(kind uint8) *layers.ICMPv4 {
	return &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(kind, 0)}
}

type direction func(*nat.Table, *packet.Frame, *packet.Info) nat.Verdict

func (w *world) pass(d direction, frame []byte) (nat.Verdict, packet.Info, []byte) {
	w.t.Helper()
	f := packet.Frame{Data: bytes.Clone(frame)}
	info, err := packet.Parse(f.Data)
	require.NoError(w.t, err)
	v := d(w.Table, &f, &info)
	if v != nat.Translated {
		assert.Equal(w.t, frame, f.Data)
	}
	return v, info, f.Data
}

// leaves sends a packet of a guest's outside, and returns the port of the uplink that it got.
func (w *world) leaves(from, to netip.AddrPort, l gopacket.SerializableLayer) netip.AddrPort {
	w.t.Helper()
	v, info, data := w.pass((*nat.Table).Out, made(w.t, from, to, l, []byte("data")))
	require.Equal(w.t, nat.Translated, v)
	port := netip.AddrPortFrom(info.Src, info.SrcPort)
	require.Equal(w.t, made(w.t, port, to, l, []byte("data")), data)
	return port
}

// comes tells whether a packet from outside comes to the guest.
func (w *world) comes(from, port, to netip.AddrPort, l gopacket.SerializableLayer) bool {
	w.t.Helper()
	v, _, data := w.pass((*nat.Table).In, made(w.t, from, port, l, []byte("data")))
	if v == nat.Translated {
		src := from
		if _, ok := l.(*layers.ICMPv4); ok {
			src = netip.AddrPortFrom(from.Addr(), to.Port())
		}
		require.Equal(w.t, made(w.t, src, to, l, []byte("data")), data)
	}
	return v == nat.Translated
}

func TestTranslate(t *testing.T) {
	w := newWorld(t, usual)
	for _, l := range []gopacket.SerializableLayer{syn(), &layers.UDP{}} {
		answer := l
		if _, ok := l.(*layers.TCP); ok {
			answer = ack()
		}
		port := w.leaves(guest, remote, l)
		assert.Equal(t, uplink, port.Addr())
		assert.True(t, port.Port() >= 20000 && port.Port() <= 59999)
		assert.Equal(t, port, w.leaves(guest, remote, answer), "the same for the whole conversation")
		assert.NotEqual(t, port, w.leaves(netip.MustParseAddrPort("10.0.0.8:4000"), remote, l))

		assert.True(t, w.comes(remote, port, guest, answer))
		assert.False(t, w.comes(netip.MustParseAddrPort("93.184.216.34:444"), port, guest, answer), "nobody else may use it")
		assert.False(t, w.comes(netip.MustParseAddrPort("93.184.216.35:443"), port, guest, answer))
		assert.False(t, w.comes(remote, netip.AddrPortFrom(uplink, port.Port()^1), guest, answer))
	}
	server := netip.AddrPortFrom(remote.Addr(), guest.Port()) // its identifier is the guest's
	v, info, _ := w.pass((*nat.Table).Out, made(t, guest, server, echo(8), nil))
	require.Equal(t, nat.Translated, v)
	id := info.SrcPort
	assert.Equal(t, id, info.DstPort)
	assert.True(t, w.comes(netip.AddrPortFrom(remote.Addr(), id), netip.AddrPortFrom(uplink, id), guest, echo(0)))
	assert.Equal(t, 5, w.Len())
	assert.EqualValues(t, 5, w.Stats().Begun)
	assert.EqualValues(t, 3, w.Stats().In)
}

// TestRefused: what begins no conversation, and what can't be changed.
func TestRefused(t *testing.T) {
	w := newWorld(t, usual)
	fragment := made(t, guest, remote, &layers.UDP{}, []byte("data"))
	fragment[20] = 0x20
	for name, frame := range map[string][]byte{
		"middle of a connection": made(t, guest, remote, ack(), nil),
		"answer to nothing":      made(t, guest, remote, &layers.TCP{SYN: true, ACK: true}, nil),
		"reset":                  made(t, guest, remote, &layers.TCP{RST: true}, nil),
		"echo reply":             made(t, guest, remote, echo(0), nil),
		"error about nothing":    made(t, guest, remote, echo(3), made(t, remote, guest, &layers.UDP{}, nil)[14:]),
		"timestamp request":      made(t, guest, remote, echo(13), make([]byte, 12)),
		"fragment":               fragment,
	} {
		v, _, _ := w.pass((*nat.Table).Out, frame)
		assert.Equal(t, nat.Refused, v, name)
		v, _, _ = w.pass((*nat.Table).In, frame)
		assert.Equal(t, nat.NotOurs, v, name)
	}
	assert.Zero(t, w.Len())
	s := w.Stats()
	assert.EqualValues(t, 7, s.Unsupported+s.Unknown)
}

func TestForward(t *testing.T) {
	w := newWorld(t, usual)
	port, web := netip.AddrPortFrom(uplink, 8080), netip.MustParseAddrPort("10.0.0.7:80")
	assert.False(t, w.comes(remote, port, web, syn()))
	require.NoError(t, w.Forward(packet.TCP, 8080, web))
	assert.ErrorContains(t, w.Forward(packet.TCP, 8080, guest), "port 8080 is forwarded to 10.0.0.7:80 already")
	require.NoError(t, w.Forward(packet.UDP, 8080, web))
	assert.ErrorContains(t, w.Forward(packet.ICMP, 8081, web), "use TCP or UDP")
	assert.ErrorContains(t, w.Forward(packet.TCP, 0, web), "use ports from 1")
	assert.ErrorContains(t, w.Forward(packet.TCP, 1, netip.MustParseAddrPort("[::1]:80")), "IPv4")

	v, _, _ := w.pass((*nat.Table).In, made(t, remote, port, ack(), nil))
	assert.Equal(t, nat.Refused, v, "no connection")
	assert.True(t, w.comes(remote, port, web, syn()))
	assert.Equal(t, port, w.leaves(web, remote, &layers.TCP{SYN: true, ACK: true}))
	assert.True(t, w.comes(remote, port, web, ack()))
	assert.True(t, w.comes(remote, port, web, &layers.UDP{}))
	assert.Equal(t, port, w.leaves(web, remote, &layers.UDP{}))
	other := w.leaves(web, netip.MustParseAddrPort("1.1.1.1:53"), &layers.UDP{})
	assert.NotEqual(t, port, other, "that is no answer")

	w.Unforward(packet.TCP, 8080)
	assert.False(t, w.comes(remote, port, web, ack()))
	assert.True(t, w.comes(remote, port, web, &layers.UDP{}))
	w.Forget(web.Addr())
	assert.Zero(t, w.Len())
	assert.False(t, w.comes(remote, port, web, &layers.UDP{}))
	require.NoError(t, w.Forward(packet.UDP, 8080, guest))
}

func TestTimes(t *testing.T) {
	for name, c := range map[string]struct {
		begin func(w *world) netip.AddrPort
		after time.Duration
		l     gopacket.SerializableLayer
	}{
		"attempt": {func(w *world) netip.AddrPort { return w.leaves(guest, remote, syn()) }, 4 * time.Minute, ack()},
		"connection": {func(w *world) netip.AddrPort {
			port := w.leaves(guest, remote, syn())
			require.True(t, w.comes(remote, port, guest, ack()))
			return port
		}, 124 * time.Minute, ack()},
		"ended": {func(w *world) netip.AddrPort {
			port := w.leaves(guest, remote, syn())
			require.True(t, w.comes(remote, port, guest, &layers.TCP{FIN: true, ACK: true}))
			return port
		}, 4 * time.Minute, ack()},
		"datagrams": {func(w *world) netip.AddrPort { return w.leaves(guest, remote, &layers.UDP{}) }, 5 * time.Minute, &layers.UDP{}},
	} {
		for _, late := range []time.Duration{0, 1} {
			w := newWorld(t, usual)
			port := c.begin(w)
			w.time = w.time.Add(c.after + late)
			assert.Equal(t, late == 0, w.comes(remote, port, guest, c.l), "%s, %v late", name, late)
		}
	}
}

// TestLimits: a guest can't have all conversations, nor have its visitors.
func TestLimits(t *testing.T) {
	w := newWorld(t, func(o *nat.Options) { o.Each = 3 })
	require.NoError(t, w.Forward(packet.UDP, 53, guest))
	at := func(n int) netip.AddrPort { return netip.AddrPortFrom(remote.Addr(), uint16(n)) }
	for n := 1; n <= 5; n++ {
		v, _, _ := w.pass((*nat.Table).Out, made(t, guest, at(n), &layers.UDP{}, nil))
		assert.Equal(t, n <= 3, v == nat.Translated, n)
		v, _, _ = w.pass((*nat.Table).In, made(t, at(100+n), netip.AddrPortFrom(uplink, 53), &layers.UDP{}, nil))
		assert.Equal(t, n <= 3, v == nat.Translated, n)
	}
	assert.EqualValues(t, 4, w.Stats().TooMany)
	w.leaves(netip.MustParseAddrPort("10.0.0.8:1"), at(1), &layers.UDP{})
	w.time = w.time.Add(5*time.Minute + 1)
	for n := 1; n <= 3; n++ {
		w.leaves(guest, at(200+n), &layers.UDP{})
	}
	assert.Equal(t, 3, w.Len(), "the old ones are gone")
}

// TestClosed: a guest may not begin a conversation with some, but answers them. That a connection which they have begun is begun anew by the guest is no answer.
func TestClosed(t *testing.T) {
	closed := netip.MustParseAddrPort("192.168.1.1:5000")
	w := newWorld(t, func(o *nat.Options) {
		o.Open = func(_ uint8, to netip.AddrPort) bool { return to.Addr() != closed.Addr() }
	})
	web := netip.AddrPortFrom(uplink, 80)
	require.NoError(t, w.Forward(packet.TCP, 80, guest))
	require.NoError(t, w.Forward(packet.UDP, 80, guest))
	refused := func(l gopacket.SerializableLayer) {
		t.Helper()
		before := w.Stats().Closed
		v, _, _ := w.pass((*nat.Table).Out, made(t, guest, closed, l, nil))
		assert.Equal(t, nat.Refused, v)
		assert.Equal(t, before+1, w.Stats().Closed)
	}
	for _, l := range []gopacket.SerializableLayer{syn(), &layers.UDP{}, echo(8)} {
		refused(l)
	}
	assert.Zero(t, w.Len())
	require.True(t, w.comes(closed, web, guest, syn()))
	require.True(t, w.comes(closed, web, guest, &layers.UDP{}))
	assert.Equal(t, web, w.leaves(guest, closed, &layers.TCP{SYN: true, ACK: true}))
	assert.Equal(t, web, w.leaves(guest, closed, &layers.UDP{}))
	refused(syn())
	w.leaves(guest, remote, syn())
	w.time = w.time.Add(3 * time.Hour)
	refused(&layers.UDP{})
}

// TestPorts: with one remote each port is used once; other remotes may use it too.
func TestPorts(t *testing.T) {
	w := newWorld(t, func(o *nat.Options) { o.First, o.Last = 30000, 30009 })
	require.NoError(t, w.Forward(packet.UDP, 30003, guest))
	seen := map[uint16]bool{}
	for n := range uint16(9) {
		port := w.leaves(netip.AddrPortFrom(guest.Addr(), n), remote, &layers.UDP{})
		assert.False(t, seen[port.Port()])
		seen[port.Port()] = true
	}
	assert.False(t, seen[30003], "it is forwarded")
	v, _, _ := w.pass((*nat.Table).Out, made(t, guest, remote, &layers.UDP{}, nil))
	assert.Equal(t, nat.Refused, v)
	w.leaves(guest, netip.MustParseAddrPort("1.1.1.1:1"), &layers.UDP{})
	w.time = w.time.Add(5*time.Minute + 1)
	w.leaves(guest, remote, &layers.UDP{})
}

// TestErrors: an error about a packet that went out comes to the guest as one about the packet that it sent, and the other way.
func TestErrors(t *testing.T) {
	router := netip.MustParseAddrPort("172.16.0.1:0")
	for _, l := range []gopacket.SerializableLayer{&layers.UDP{}, syn()} {
		w := newWorld(t, usual)
		port := w.leaves(guest, remote, l)
		about := func(src, dst netip.AddrPort) []byte {
			quote := made(t, src, dst, l, nil)[14:42]
			if _, ok := l.(*layers.TCP); !ok {
				quote = made(t, src, dst, l, []byte("data"))[14:46]
			}
			return quote
		}
		v, _, data := w.pass((*nat.Table).In, made(t, router, netip.AddrPortFrom(uplink, 0), echo(3), about(port, remote)))
		require.Equal(t, nat.Translated, v)
		assert.Equal(t, made(t, router, netip.AddrPortFrom(guest.Addr(), 0), echo(3), about(guest, remote)), data)

		v, _, data = w.pass((*nat.Table).Out, made(t, guest, remote, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 3)}, about(remote, guest)))
		require.Equal(t, nat.Translated, v)
		p := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.Default)
		err, wrong := p.VerifyChecksums()
		require.NoError(t, err)
		assert.Empty(t, wrong)
		assert.Equal(t, uplink.AsSlice(), []byte(p.NetworkLayer().NetworkFlow().Src().Raw()))

		v, _, _ = w.pass((*nat.Table).In, made(t, router, netip.AddrPortFrom(uplink, 0), echo(3), about(netip.AddrPortFrom(uplink, 1), remote)))
		assert.Equal(t, nat.NotOurs, v)
		v, _, _ = w.pass((*nat.Table).Out, made(t, netip.MustParseAddrPort("10.0.0.8:0"), remote, echo(3), about(remote, guest)))
		assert.Equal(t, nat.Refused, v, "it is not about a packet of its own")
	}
}

func TestNew(t *testing.T) {
	for _, o := range []nat.Options{{}, {Address: netip.IPv6Loopback()}, {Address: uplink, First: 5, Last: 4}, {Address: uplink, Last: 4}} {
		_, err := nat.New(o)
		assert.Error(t, err)
	}
}

// FuzzTable: whatever comes from both sides, nothing fails, and no packet gets another length.
func FuzzTable(f *testing.F) {
	f.Add(made(f, guest, remote, syn(), []byte("data")), made(f, remote, guest, ack(), nil), false)
	f.Add(made(f, guest, remote, &layers.UDP{}, []byte("data")), made(f, remote, netip.AddrPortFrom(uplink, 80), &layers.UDP{}, nil), true)
	f.Add(made(f, guest, remote, echo(8), []byte("data")), made(f, remote, guest, echo(3), made(f, guest, remote, syn(), nil)[14:]), false)
	f.Fuzz(func(t *testing.T, out, in []byte, blank bool) {
		w := newWorld(t, func(o *nat.Options) { o.First, o.Last, o.Each = 1000, 1001, 4 })
		require.NoError(t, w.Forward(packet.UDP, 80, guest))
		require.NoError(t, w.Forward(packet.TCP, 80, guest))
		for range 3 {
			for _, c := range []struct {
				data []byte
				d    direction
			}{{out, (*nat.Table).Out}, {in, (*nat.Table).In}, {out, (*nat.Table).In}, {in, (*nat.Table).Out}} {
				frame := packet.Frame{Data: bytes.Clone(c.data), Blank: blank}
				info, err := packet.Parse(frame.Data)
				if err != nil || info.Check(&frame) != nil {
					continue
				}
				if c.d(w.Table, &frame, &info) == nat.Translated {
					again, err := packet.Parse(frame.Data)
					require.NoError(t, err)
					require.Equal(t, again, info)
				}
			}
		}
		w.Forget(guest.Addr())
	})
}

func BenchmarkOut(b *testing.B) {
	w := newWorld(b, usual)
	frame := packet.Frame{Data: made(b, guest, remote, &layers.UDP{}, make([]byte, 1400))}
	original := bytes.Clone(frame.Data[:42])
	b.ReportAllocs()
	for b.Loop() {
		copy(frame.Data, original)
		info, _ := packet.Parse(frame.Data)
		if w.Out(&frame, &info) != nat.Translated {
			b.Fatal("not translated")
		}
	}
}
