package dns_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"tuco/control/dns"
	"tuco/control/hosts"
	"tuco/control/packet"
)

func zone(t testing.TB) dns.Zone {
	book, err := hosts.New(netip.MustParsePrefix("10.77.0.1/24"), packet.MAC{0, 0x16, 0x3e, 0, 0, 0xfe})
	require.NoError(t, err)
	_, err = book.Add("web", packet.MAC{0, 0x16, 0x3e, 0, 0, 1}, netip.MustParseAddr("10.77.0.50"))
	require.NoError(t, err)
	return dns.Zone{Book: book, Domain: "tuco"}
}

func question(t testing.TB, name string, kind dnsmessage.Type) []byte {
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 4711, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: kind, Class: dnsmessage.ClassINET}},
	}
	b, err := m.Pack()
	require.NoError(t, err)
	return b
}

func parse(t testing.TB, b []byte) (m dnsmessage.Message) {
	require.NoError(t, m.Unpack(b))
	return m
}

func TestZone(t *testing.T) {
	z := zone(t)
	const a, aaaa, ptr = dnsmessage.TypeA, dnsmessage.TypeAAAA, dnsmessage.TypePTR
	for _, c := range []struct {
		name string
		kind dnsmessage.Type
		code dnsmessage.RCode
		want string
	}{
		{"web.tuco.", a, dnsmessage.RCodeSuccess, "10.77.0.50"},
		{"WEB.Tuco.", a, dnsmessage.RCodeSuccess, "10.77.0.50"},
		{"web.", a, dnsmessage.RCodeSuccess, "10.77.0.50"},
		{"gateway.tuco.", a, dnsmessage.RCodeSuccess, "10.77.0.1"},
		{"web.tuco.", aaaa, dnsmessage.RCodeSuccess, ""},
		{"tuco.", a, dnsmessage.RCodeSuccess, ""},
		{"db.tuco.", a, dnsmessage.RCodeNameError, ""},
		{"a.web.tuco.", a, dnsmessage.RCodeNameError, ""},
		{"db.", a, dnsmessage.RCodeNameError, ""},
		{"50.0.77.10.in-addr.arpa.", ptr, dnsmessage.RCodeSuccess, "web.tuco."},
		{"50.0.77.10.in-addr.arpa.", a, dnsmessage.RCodeSuccess, ""},
		{"51.0.77.10.in-addr.arpa.", ptr, dnsmessage.RCodeNameError, ""},
	} {
		b, q, err := z.Answer(question(t, c.name, c.kind))
		require.NoError(t, err, c.name)
		require.NotNil(t, b, c.name)
		m := parse(t, b)
		assert.EqualValues(t, 4711, m.ID)
		assert.True(t, m.Response && m.Authoritative && m.RecursionDesired)
		assert.Equal(t, c.code, m.RCode, c.name)
		assert.Equal(t, []dnsmessage.Question{q}, m.Questions)
		got := ""
		for _, r := range m.Answers {
			switch body := r.Body.(type) {
			case *dnsmessage.AResource:
				got += netip.AddrFrom4(body.A).String()
			case *dnsmessage.PTRResource:
				got += body.PTR.String()
			}
		}
		assert.Equal(t, c.want, got, c.name)
	}
	for _, name := range []string{"example.com.", "web.tuco.com.", "x.tuco2.", "notuco.org.", "1.0.0.127.in-addr.arpa.", "0.77.10.in-addr.arpa.", "256.0.77.10.in-addr.arpa.", "."} {
		b, q, err := z.Answer(question(t, name, a))
		require.NoError(t, err)
		assert.Nil(t, b, name)
		assert.Equal(t, name, q.Name.String())
	}
	two := dnsmessage.Message{Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName("a.")}, {Name: dnsmessage.MustNewName("b.")}}}
	both, err := two.Pack()
	require.NoError(t, err)
	response := question(t, "web.", a)
	response[2] |= 0x80
	update := question(t, "web.", a)
	update[2] |= 5 << 3
	for _, b := range [][]byte{nil, []byte("short"), make([]byte, 12), both, response, update} {
		_, _, err := z.Answer(b)
		assert.ErrorIs(t, err, dns.ErrMalformed)
	}
}

// upstream is a server of the uplink in memory: what it does with a question by UDP is a function.
type upstream struct {
	answer func(question []byte) [][]byte
	mu     sync.Mutex
	ids    map[string]bool
}

func (u *upstream) dial(_ context.Context, network string, server netip.AddrPort) (net.Conn, error) {
	if server.Addr().IsLoopback() {
		return nil, errors.New("unreachable")
	}
	here, there := net.Pipe()
	go func() {
		defer there.Close()
		b := make([]byte, 2+4096)
		n, err := there.Read(b)
		if err != nil {
			return
		}
		message := b[:n]
		if network == "tcp" {
			message = message[2:]
		}
		u.mu.Lock()
		u.ids[string(message[:2])] = true
		u.mu.Unlock()
		for _, a := range u.answer(message) {
			if network == "tcp" {
				a = append([]byte{byte(len(a) >> 8), byte(len(a))}, a...)
			}
			if _, err := there.Write(a); err != nil {
				return
			}
		}
		_, _ = there.Read(b) // until the other side closes
	}()
	return here, nil
}

// good is the answer 1.2.3.4.
func good(t testing.TB, question []byte) []byte {
	m := parse(t, question)
	m.Response = true
	m.Answers = []dnsmessage.Resource{{
		Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET},
		Body:   &dnsmessage.AResource{A: [4]byte{1, 2, 3, 4}},
	}}
	b, err := m.Pack()
	assert.NoError(t, err)
	return b
}

// serve runs a server by UDP and TCP on the loopback, and returns what asks it.
func serve(t *testing.T, s *dns.Server) (udp, tcp func() net.Conn) {
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var done sync.WaitGroup
	done.Go(func() { assert.ErrorIs(t, s.Serve(t.Context(), packets), net.ErrClosed) })
	done.Go(func() { assert.ErrorIs(t, s.ServeTCP(t.Context(), listener), net.ErrClosed) })
	t.Cleanup(func() {
		_, _ = packets.Close(), listener.Close()
		done.Wait()
	})
	connect := func(network string, to net.Addr) func() net.Conn {
		return func() net.Conn {
			c, err := net.Dial(network, to.String())
			require.NoError(t, err)
			t.Cleanup(func() { _ = c.Close() })
			return c
		}
	}
	return connect("udp", packets.LocalAddr()), connect("tcp", listener.Addr())
}

func exchangeUDP(t *testing.T, c net.Conn, message []byte) dnsmessage.Message {
	_, err := c.Write(message)
	require.NoError(t, err)
	b := make([]byte, 4096)
	n, err := c.Read(b)
	require.NoError(t, err)
	return parse(t, b[:n])
}

func exchangeTCP(t *testing.T, c net.Conn, message []byte) dnsmessage.Message {
	_, err := c.Write(append([]byte{byte(len(message) >> 8), byte(len(message))}, message...))
	require.NoError(t, err)
	var length [2]byte
	_, err = io.ReadFull(c, length[:])
	require.NoError(t, err)
	b := make([]byte, int(length[0])<<8|int(length[1]))
	_, err = io.ReadFull(c, b)
	require.NoError(t, err)
	return parse(t, b)
}

func TestForward(t *testing.T) {
	u := &upstream{ids: map[string]bool{}}
	u.answer = func(q []byte) [][]byte {
		other := good(t, q)
		other[1] ^= 1
		another := good(t, question(t, "example.org.", dnsmessage.TypeA))
		copy(another[:2], q[:2])
		return [][]byte{[]byte("noise"), other, another, q, good(t, q)}
	}
	servers := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53"), netip.MustParseAddrPort("9.9.9.9:53")}
	s := &dns.Server{Zone: zone(t), Servers: servers, Dial: u.dial, Timeout: time.Minute}
	udp, tcp := serve(t, s)
	c := udp()
	_, err := c.Write([]byte("noise"))
	require.NoError(t, err)
	m := exchangeUDP(t, c, question(t, "example.com.", dnsmessage.TypeA))
	assert.EqualValues(t, 4711, m.ID)
	assert.Len(t, m.Answers, 1)
	assert.Equal(t, "example.com.", m.Questions[0].Name.String())
	assert.Len(t, exchangeUDP(t, c, question(t, "web.tuco.", dnsmessage.TypeA)).Answers, 1)

	u.answer = func(q []byte) [][]byte { return [][]byte{good(t, q)} }
	c = tcp()
	for range 3 {
		assert.Len(t, exchangeTCP(t, c, question(t, "example.com.", dnsmessage.TypeA)).Answers, 1)
		assert.Len(t, exchangeTCP(t, c, question(t, "web.", dnsmessage.TypeA)).Answers, 1)
	}
	_, err = c.Write([]byte{0, 5, 1, 2, 3, 4, 5})
	require.NoError(t, err)
	_, err = c.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF, "who sends noise is not listened to")
	assert.EqualValues(t, 4, s.Stats.Forwarded.Load())
	assert.EqualValues(t, 4, s.Stats.Local.Load())
	assert.EqualValues(t, 2, s.Stats.Malformed.Load())
	assert.Greater(t, len(u.ids), 1, "numbers are random")
}

// TestFailure: who gets no answer is told so.
func TestFailure(t *testing.T) {
	u := &upstream{ids: map[string]bool{}, answer: func([]byte) [][]byte { return nil }}
	servers := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53"), netip.MustParseAddrPort("9.9.9.9:53")}
	s := &dns.Server{Zone: zone(t), Servers: servers, Dial: u.dial, Timeout: time.Millisecond, Idle: time.Minute}
	udp, tcp := serve(t, s)
	for _, m := range []dnsmessage.Message{
		exchangeUDP(t, udp(), question(t, "example.com.", dnsmessage.TypeA)), exchangeTCP(t, tcp(), question(t, "example.com.", dnsmessage.TypeA)),
	} {
		assert.Equal(t, dnsmessage.RCodeServerFailure, m.RCode)
		assert.EqualValues(t, 4711, m.ID)
		assert.Len(t, m.Questions, 1)
	}
	assert.EqualValues(t, 2, s.Stats.Failed.Load())
}

// TestLimits: a guest has so many questions under way, and those about guests are answered all the same.
func TestLimits(t *testing.T) {
	asked, release := make(chan struct{}, 10), make(chan struct{})
	u := &upstream{ids: map[string]bool{}}
	u.answer = func(q []byte) [][]byte {
		asked <- struct{}{}
		<-release
		return [][]byte{good(t, q)}
	}
	s := &dns.Server{Zone: zone(t), Servers: []netip.AddrPort{netip.MustParseAddrPort("9.9.9.9:53")}, Dial: u.dial, Timeout: time.Minute, Each: 2}
	udp, tcp := serve(t, s)
	c := udp()
	for range 5 {
		_, err := c.Write(question(t, "example.com.", dnsmessage.TypeA))
		require.NoError(t, err)
	}
	_, _ = <-asked, <-asked
	assert.Len(t, exchangeUDP(t, udp(), question(t, "web.", dnsmessage.TypeA)).Answers, 1)
	assert.EqualValues(t, 3, s.Stats.Busy.Load())
	_, err := tcp().Read(make([]byte, 1))
	assert.Error(t, err, "closed")
	close(release)
	for range 2 {
		_, err := c.Read(make([]byte, 4096))
		require.NoError(t, err)
	}
}

// TestConnectionsAreFew: a connection takes as much as eight questions, and a guest that opens many has only some.
func TestConnectionsAreFew(t *testing.T) {
	s := &dns.Server{Zone: zone(t)}
	_, tcp := serve(t, s)
	web := question(t, "web.", dnsmessage.TypeA)
	var open []net.Conn
	for range 4 {
		c := tcp()
		assert.Len(t, exchangeTCP(t, c, web).Answers, 1)
		open = append(open, c)
	}
	_, err := tcp().Read(make([]byte, 1))
	assert.Error(t, err, "closed")
	for _, c := range open {
		assert.Len(t, exchangeTCP(t, c, web).Answers, 1, "those that there were go on")
	}
}

func FuzzZone(f *testing.F) {
	z := zone(f)
	f.Add(question(f, "web.tuco.", dnsmessage.TypeA))
	f.Add(question(f, "50.0.77.10.in-addr.arpa.", dnsmessage.TypePTR))
	f.Add(question(f, strings.Repeat("a.", 100), dnsmessage.TypeAAAA))
	f.Fuzz(func(t *testing.T, message []byte) {
		answer, q, err := z.Answer(message)
		if err != nil || answer == nil {
			return
		}
		m := parse(t, answer)
		require.Equal(t, []dnsmessage.Question{q}, m.Questions)
		require.Equal(t, message[:2], answer[:2])
	})
}
