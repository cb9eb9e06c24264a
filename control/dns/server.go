package dns

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Server answers the questions of a network's guests.
type Server struct {
	Zone    Zone
	Servers []netip.AddrPort // of the uplink, asked one after the other; none: nothing but guests is known
	Dial    Dial
	Timeout time.Duration // for each of the servers: 2 seconds
	Idle    time.Duration // after which a silent connection is closed: 10 seconds
	All     int           // questions at once, of which a connection counts as several: 256
	Each    int           // of a guest: 32

	Stats Stats

	mu    sync.Mutex
	all   int
	under map[netip.Addr]int
}

// Stats counts questions.
type Stats struct {
	Local, Forwarded atomic.Uint64 // answered
	Failed           atomic.Uint64 // no server answered
	Malformed, Busy  atomic.Uint64 // dropped
}

func (s *Server) timeout() time.Duration { return usual(s.Timeout, 2*time.Second) }

func usual[T time.Duration | int](value, instead T) T {
	if value == 0 {
		return instead
	}
	return value
}

// connection is as how many questions one counts: so much more memory it takes, with what waits in it.
const connection = 8

// enter tells whether a guest may have so many questions more under way; then leave ends them.
func (s *Server) enter(guest netip.Addr, n int) bool {
	const all, each = 256, 32
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all+n > usual(s.All, all) || s.under[guest]+n > usual(s.Each, each) {
		s.Stats.Busy.Add(1)
		return false
	}
	if s.under == nil {
		s.under = map[netip.Addr]int{}
	}
	s.all += n
	s.under[guest] += n
	return true
}

func (s *Server) leave(guest netip.Addr, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all -= n
	if s.under[guest] -= n; s.under[guest] == 0 {
		delete(s.under, guest)
	}
}

// Serve answers questions that come by UDP, until the connection is closed. It waits for those that are under way.
func (s *Server) Serve(ctx context.Context, conn net.PacketConn) error {
	ctx, cancel := context.WithCancel(ctx)
	var questions sync.WaitGroup
	defer questions.Wait()
	defer cancel()
	room := make([]byte, longestUDP)
	for {
		n, from, err := conn.ReadFrom(room)
		if err != nil {
			return err
		}
		guest := addressOf(from)
		answer, q, err := s.Zone.Answer(room[:n])
		switch {
		case err != nil:
			s.Stats.Malformed.Add(1)
		case answer != nil:
			s.Stats.Local.Add(1)
			_, _ = conn.WriteTo(answer, from) // what is lost is asked for again
		case s.enter(guest, 1):
			question := append([]byte{}, room[:n]...)
			questions.Go(func() {
				defer s.leave(guest, 1)
				_, _ = conn.WriteTo(s.forward(ctx, "udp", question, q), from)
			})
		}
	}
}

// ServeTCP answers questions that come by connections, until the listener is closed. It waits for those that are open.
func (s *Server) ServeTCP(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var connections sync.WaitGroup
	defer connections.Wait()
	defer cancel()
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		guest := addressOf(conn.RemoteAddr())
		if !s.enter(guest, connection) {
			_ = conn.Close()
			continue
		}
		connections.Go(func() {
			defer s.leave(guest, connection)
			defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
			defer conn.Close()
			s.connection(ctx, conn)
		})
	}
}

// connection answers the questions of a connection, one after the other.
func (s *Server) connection(ctx context.Context, conn net.Conn) {
	const idle = 10 * time.Second
	for {
		_ = conn.SetDeadline(time.Now().Add(usual(s.Idle, idle)))
		question, err := readMessage(conn)
		if err != nil {
			return
		}
		answer, q, err := s.Zone.Answer(question)
		if err != nil {
			s.Stats.Malformed.Add(1)
			return
		}
		if answer != nil {
			s.Stats.Local.Add(1)
		} else {
			answer = s.forward(ctx, "tcp", question, q)
		}
		if writeMessage(conn, answer) != nil {
			return
		}
	}
}

// forward asks the servers, one after the other.
func (s *Server) forward(ctx context.Context, network string, question []byte, q dnsmessage.Question) []byte {
	for _, server := range s.Servers {
		ctx, cancel := context.WithTimeout(ctx, s.timeout())
		answer, err := ask(ctx, s.Dial, network, server, question, q)
		cancel()
		if err == nil {
			s.Stats.Forwarded.Add(1)
			return answer
		}
	}
	s.Stats.Failed.Add(1)
	var p dnsmessage.Parser
	h, err := p.Start(question)
	if err != nil {
		return nil // can't be: it was read before
	}
	return failure(h, q)
}

// addressOf is the address of somebody who asks.
func addressOf(a net.Addr) netip.Addr {
	switch a := a.(type) {
	case *net.UDPAddr:
		return a.AddrPort().Addr().Unmap()
	case *net.TCPAddr:
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
