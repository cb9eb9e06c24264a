package serve_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/control/store"
	"tuco/control/store/serve"
	"tuco/guestlib/xenbus"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/xenstore"
)

// message is the bytes of a request.
func message(kind, size uint32, body string) []byte {
	var b []byte
	for _, v := range []uint32{kind, 1, 0, size} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return append(b, body...)
}

// eventually waits until something is so, however busy the machine is.
func eventually(t *testing.T, so func() bool) {
	t.Helper()
	require.Eventually(t, so, time.Minute, 100*time.Microsecond)
}

// Indices that can't be and messages that are too long end the connection: the log and the page say why, the others go on, and the domain can begin
// anew.
func TestGivenUp(t *testing.T) {
	for name, test := range map[string]struct {
		spoil  func(g guest)
		reason uint32
		log    string
	}{
		"an index that is too far": {func(g guest) { atomic.StoreUint32(&g.page.ReqProd, 1025) }, xenstore.ErrorIndex, "index"},
		"an index that went back":  {func(g guest) { atomic.StoreUint32(&g.page.ReqProd, 1<<32-1) }, xenstore.ErrorIndex, "index"},
		"an index of replies": {func(g guest) {
			atomic.StoreUint32(&g.page.RspCons, 77)
			body := message(hypercall.XS_READ, 2, "a\x00")
			copy(g.page.Req[:], body)
			atomic.StoreUint32(&g.page.ReqProd, uint32(len(body)))
		}, xenstore.ErrorIndex, "index"},
		"a message that is too long": {func(g guest) {
			copy(g.page.Req[:], message(hypercall.XS_WRITE, 4097, ""))
			atomic.StoreUint32(&g.page.ReqProd, 16)
		}, xenstore.ErrorProtocol, "4097 bytes"},
		"a message of any length": {func(g guest) {
			copy(g.page.Req[:], message(hypercall.XS_WRITE, 1<<32-1, ""))
			atomic.StoreUint32(&g.page.ReqProd, 16)
		}, xenstore.ErrorProtocol, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			s, zero, log := start(t)
			g := home(t, s, zero, 5)
			six := home(t, s, zero, 6).store(t)
			test.spoil(g)
			require.NoError(t, g.event.Notify())
			eventually(t, func() bool { return atomic.LoadUint32(&g.page.Error) == test.reason })
			require.Contains(t, log.String(), "domain=5")
			require.Contains(t, log.String(), test.log)
			require.NoError(t, six.Write("a", "1"))
			require.NoError(t, g.event.Notify())
			require.NoError(t, six.Write("a", "2"))
			require.Equal(t, 1, strings.Count(log.String(), "given up"), "it is not looked at any more")

			anew(t, g)
			five := g.store(t)
			require.NoError(t, five.Write("a", "3"))
			require.Zero(t, g.page.Error)
		})
	}
}

// anew has a domain ask for a new connection.
func anew(t *testing.T, g guest) {
	require.EqualValues(t, xenstore.FeatureReconnect, g.page.Features&xenstore.FeatureReconnect)
	atomic.StoreUint32(&g.page.Connection, xenstore.Reconnect)
	require.NoError(t, g.event.Notify())
	eventually(t, func() bool { return atomic.LoadUint32(&g.page.Connection) == xenstore.Connected })
}

// raw is a domain's end of the rings as they are now, with no goroutine behind it.
type raw struct {
	guest
	t       *testing.T
	out, in ring.Bytes
}

func (g guest) raw(t *testing.T) *raw {
	out, in := g.page.Domain()
	return &raw{g, t, out, in}
}

func (r *raw) Write(p []byte) (n int, err error) { return r.move(p, len(p), r.out.Put) }
func (r *raw) Read(p []byte) (n int, err error)  { return r.move(p, 1, r.in.Take) }

// move moves bytes until there are enough.
func (r *raw) move(p []byte, enough int, by func([]byte) (int, error)) (n int, err error) {
	for n < enough {
		m, err := by(p[n:])
		if err != nil {
			return n, err
		}
		n += m
		if m > 0 {
			require.NoError(r.t, r.event.Notify())
			continue
		}
		if err := r.event.Wait(r.t.Context()); err != nil {
			return n, err
		}
	}
	return n, nil
}

// A new connection has nothing of the old: no half request, no watch, no transaction.
func TestReconnection(t *testing.T) {
	s, zero, _ := start(t)
	g := home(t, s, zero, 5)
	conn := g.raw(t)
	ask := func(kind uint32, texts ...string) string {
		require.NoError(t, wire.Write(conn, wire.Message{Type: kind, Req: 1, Body: wire.Join(texts...)}))
		m, err := wire.Read(conn)
		require.NoError(t, err)
		return string(m.Body)
	}
	require.Equal(t, "OK\x00", ask(hypercall.XS_WATCH, "a", "t"))
	event, err := wire.Read(conn)
	require.NoError(t, err)
	require.EqualValues(t, hypercall.XS_WATCH_EVENT, event.Type)
	require.Equal(t, "1\x00", ask(hypercall.XS_TRANSACTION_START, ""))
	_, err = conn.Write(message(hypercall.XS_WRITE, 100, "half"))
	require.NoError(t, err)
	anew(t, g)
	conn = g.raw(t)
	require.NoError(t, wire.Write(conn, wire.Message{Type: hypercall.XS_WRITE, Tx: 1, Body: wire.Join("a", "x")}))
	m, err := wire.Read(conn)
	require.NoError(t, err)
	require.Equal(t, "ENOENT\x00", string(m.Body))
	require.NoError(t, zero.Write("/local/domain/5/a", "1"))
	require.Equal(t, "1", ask(hypercall.XS_READ, "a"), "and no event before it")
}

// Domains that send without end and take nothing back fill their own rings, and no more. Those who behave are served meanwhile.
func TestFloods(t *testing.T) {
	s, zero, _ := start(t)
	polite := home(t, s, zero, 1).store(t)
	for d := range hypercall.DomID(4) {
		g := home(t, s, zero, 2+d)
		go func() { // it writes until its channel is closed, and reads nothing
			conn := wire.Domain(g.page, g.event)
			request := append(message(hypercall.XS_WRITE, 10, "a\x00"), "12345678"...)
			if d%2 == 0 {
				request = append(message(hypercall.XS_WATCH, 4, "a\x00t\x00"), request...)
			}
			for {
				if _, err := conn.Write(request); err != nil {
					return
				}
			}
		}()
		t.Cleanup(func() { g.event.Close() })
	}
	for d := range hypercall.DomID(2) { // this one takes replies, and never rests
		conn := home(t, s, zero, 10+d)
		w := wire.Domain(conn.page, conn.event)
		go io.Copy(io.Discard, w)
		go func() {
			for {
				if err := wire.Write(w, wire.Message{Type: hypercall.XS_DIRECTORY, Body: wire.Join("none")}); err != nil {
					return
				}
			}
		}()
		t.Cleanup(func() { w.Close() })
	}
	watch, err := polite.Watch("a")
	require.NoError(t, err)
	for i := range 200 {
		require.NoError(t, polite.Write("a", strconv.Itoa(i)))
		got, err := polite.Read("a")
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(i), got)
		wait(t, watch)
	}
	state, _ := s.Stop()
	for _, c := range state.Conns {
		require.Less(t, len(c.In)+len(c.Out), 2*(16+4096), "domain %d", c.Domain)
	}
}

// A domain that keeps changing what domain 0's transactions read is made to wait, longer each time, until one comes through.
func TestXSA206TransactionsComeThrough(t *testing.T) {
	c := config(io.Discard)
	pauses := make(chan time.Duration)
	goOn := make(chan time.Time)
	c.Pause = func(d time.Duration) <-chan time.Time { pauses <- d; return goOn }
	s := serve.New(c)
	defer s.Stop()
	zero := xenbus.New(s.Local())
	defer zero.Close()
	five := home(t, s, zero, 5).store(t)
	require.NoError(t, five.Write("state", "0"))
	for round := range 12 {
		tx, err := zero.Begin()
		require.NoError(t, err)
		_, err = tx.Read("/local/domain/5/state")
		require.NoError(t, err)
		require.NoError(t, tx.Write("/seen", "1"))
		require.NoError(t, five.Write("state", strconv.Itoa(round)))
		require.ErrorIs(t, tx.Commit(), syscall.EAGAIN)

		require.NoError(t, five.Write("state", "one more is answered, then it waits"))
		require.Equal(t, min(time.Millisecond<<round, 512*time.Millisecond), <-pauses)
		written := make(chan error, 1)
		go func() { written <- five.Write("state", "again") }()
		require.NoError(t, zero.Transact(func(tx *xenbus.Tx) error { // nobody disturbs it now
			if _, err := tx.Read("/local/domain/5/state"); err != nil {
				return err
			}
			return tx.Write("/seen", strconv.Itoa(round))
		}))
		select {
		case err := <-written:
			t.Fatalf("its request was answered, with %v", err)
		default:
		}
		goOn <- time.Time{}
		require.NoError(t, <-written)
	}
}

// A request that came in part, and a reply that has gone in part, are whole when another server has gone on with them.
func TestRestartInTheMiddleOfMessages(t *testing.T) {
	log := new(buffer)
	s := serve.New(config(log))
	zero := xenbus.New(s.Local())
	g := home(t, s, zero, 5)
	value := strings.Repeat("v", 2000)
	request := message(hypercall.XS_WRITE, uint32(2+len(value)), "a\x00"+value)
	request = append(request, message(hypercall.XS_READ, 2, "a\x00")...)
	request = append(request, message(hypercall.XS_READ, 2, "a\x00")...)
	restart := func() {
		state, links := s.Stop()
		var err error
		s, err = serve.Resume(config(log), state, links)
		require.NoError(t, err)
	}
	defer func() { s.Stop() }()
	conn := wire.Domain(g.page, g.event)
	for len(request) > 0 {
		n := min(len(request), 300)
		_, err := conn.Write(request[:n])
		require.NoError(t, err)
		request = request[n:]
		restart()
	}
	for _, want := range []string{"OK\x00", value, value} {
		restart()
		m, err := wire.Read(conn)
		require.NoError(t, err)
		require.Equal(t, want, string(m.Body))
	}
	require.NoError(t, zero.Write("/still", "there"))
	require.NoError(t, zero.Close())
	require.Empty(t, log.String())
}

// A bug ends the connection that has come upon it, and the log says where it was.
func TestBug(t *testing.T) {
	log := new(buffer)
	c := config(log)
	c.Open = func(hypercall.DomID, uint64, uint32) (serve.Link, error) { panic("planted") }
	s := serve.New(c)
	defer s.Stop()
	zero := xenbus.New(s.Local())
	defer zero.Close()
	bad := s.Local()
	defer bad.Close()
	require.NoError(t, wire.Write(bad, wire.Message{Type: hypercall.XS_INTRODUCE, Body: wire.Join("5", "1", "1")}))
	eventually(t, func() bool {
		return strings.Contains(log.String(), "planted") && strings.Contains(log.String(), "hostile_test.go")
	})
	require.NoError(t, zero.Write("/a", "1"))
	require.Equal(t, 6, s.Figures()[0].Nodes)
}

// A connection that was given up stays so in the next server.
func TestRestartOfTheDead(t *testing.T) {
	log := new(buffer)
	s := serve.New(config(log))
	zero := xenbus.New(s.Local())
	defer zero.Close()
	g := home(t, s, zero, 5)
	atomic.StoreUint32(&g.page.ReqProd, 5000)
	require.NoError(t, g.event.Notify())
	eventually(t, func() bool { return atomic.LoadUint32(&g.page.Error) != 0 })
	state, links := s.Stop()
	_, err := serve.Resume(config(log), state, links[1:])
	require.ErrorContains(t, err, "of 2 connections")
	bad := state
	bad.Store.Version++
	_, err = serve.Resume(config(log), bad, links)
	require.ErrorContains(t, err, "version")
	s, err = serve.Resume(config(log), state, links)
	require.NoError(t, err)
	defer s.Stop()
	require.NoError(t, g.event.Notify())
	require.NoError(t, zero.Write("/a", "1"))
	require.Equal(t, 1, strings.Count(log.String(), "given up"))
	anew(t, g)
	require.NoError(t, g.store(t).Write("a", "1"))
}

// Whatever is in the page, the server neither panics nor loops, and domain 0 is served.
func FuzzPage(f *testing.F) {
	f.Add(message(hypercall.XS_WRITE, 5, "a\x00bcd"), uint32(21), uint32(0), uint32(0))
	f.Add(message(hypercall.XS_WATCH, 4, "a\x00t\x00"), uint32(20), uint32(0), uint32(0))
	f.Add(append(message(hypercall.XS_DIRECTORY, 2, "/\x00"), message(hypercall.XS_TRANSACTION_START, 1, "\x00")...), uint32(35), uint32(1), uint32(1))
	f.Add(message(hypercall.XS_READ, 1<<31, ""), uint32(16), uint32(0), uint32(0))
	f.Add([]byte{}, uint32(1025), uint32(1<<31), uint32(0))
	f.Fuzz(func(t *testing.T, requests []byte, prod, cons, connection uint32) {
		s := serve.New(serve.Config{Quota: store.DefaultQuota, Log: config(io.Discard).Log})
		defer s.Stop()
		zero := xenbus.New(s.Local())
		defer zero.Close()
		if err := errors.Join(zero.Write("/kept", "1"), zero.Write("/local/domain/5", ""), zero.SetPerms("/local/domain/5", xenbus.Perm{Domain: 5})); err != nil {
			t.Fatal(err)
		}
		l, g := link()
		copy(g.page.Req[:], requests)
		g.page.ReqProd, g.page.RspCons, g.page.Connection = prod, cons, connection
		s.Introduce(5, l)
		for i := range 3 {
			if err := errors.Join(zero.Write(fmt.Sprintf("/%d", i), "1"), g.event.Notify()); err != nil {
				t.Fatal(err)
			}
		}
		s.Release(5)
		got, err := zero.Read("/kept")
		require.NoError(t, err)
		require.Equal(t, "1", got)
	})
}

// A domain that sends events with nothing behind them is looked at ever more slowly, and served as before when it asks for something.
func TestEventsForNothing(t *testing.T) {
	waits := make(chan time.Duration, 1000)
	goOn := make(chan time.Time)
	c := config(new(buffer))
	c.Pause = func(d time.Duration) <-chan time.Time { waits <- d; return goOn }
	s := serve.New(c)
	t.Cleanup(func() { s.Stop() })
	zero := xenbus.New(s.Local())
	t.Cleanup(func() { zero.Close() })
	g := home(t, s, zero, 5)
	require.Eventually(t, func() bool { // events that come together are one
		_ = g.event.Notify()
		return len(waits) > 0
	}, time.Minute, time.Millisecond, "nobody makes it wait")
	require.Positive(t, <-waits)
	close(goOn)
	require.NoError(t, g.store(t).Write("data", "1"))
}

// A domain that breaks its connection and asks for another one, again and again, gets some at once and then has to wait, and so has the log.
func TestConnectionsTooOften(t *testing.T) {
	const burst = 8
	var waits atomic.Int32
	log := new(buffer)
	c := config(log)
	c.Pause = func(time.Duration) <-chan time.Time { waits.Add(1); return nil } // for ever
	s := serve.New(c)
	t.Cleanup(func() { s.Stop() })
	zero := xenbus.New(s.Local())
	t.Cleanup(func() { zero.Close() })
	g := home(t, s, zero, 5)
	for range burst {
		anew(t, g)
		conn := g.raw(t)
		require.NoError(t, wire.Write(conn, wire.Message{Type: hypercall.XS_DIRECTORY, Body: wire.Join("none")}))
		_, err := wire.Read(conn)
		require.NoError(t, err)
		atomic.StoreUint32(&g.page.ReqProd, 1<<31)
		require.NoError(t, g.event.Notify())
		eventually(t, func() bool { return atomic.LoadUint32(&g.page.Error) != xenstore.ErrorNone })
	}
	require.Zero(t, waits.Load())
	require.Equal(t, burst, strings.Count(log.String(), "is given up"))
	anew(t, g)
	eventually(t, func() bool { return waits.Load() > 0 })
}
