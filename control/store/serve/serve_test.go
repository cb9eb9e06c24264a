package serve_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/control/store"
	"tuco/control/store/serve"
	"tuco/guestlib/evtchn/evtchntest"
	"tuco/guestlib/xenbus"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
	"tuco/ring/xenstore"
)

// A buffer is a log that several goroutines write to.
type buffer struct {
	lock sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.text.String()
}

func config(log io.Writer) serve.Config {
	return serve.Config{Quota: store.DefaultQuota, Log: slog.New(slog.NewTextHandler(log, nil))}
}

// A guest is a domain's page and its end of the channel.
type guest struct {
	page  *xenstore.Page
	event *evtchntest.End
}

// link is a domain that the server can be introduced to.
func link() (serve.Link, guest) {
	page := new(xenstore.Page)
	a, b := evtchntest.Pair()
	return serve.Link{Page: page, Events: a}, guest{page, b}
}

// home connects a domain, and makes its directory as a toolstack does.
func home(t *testing.T, s *serve.Server, zero *xenbus.Store, domain hypercall.DomID) guest {
	path := store.Home(domain)
	require.NoError(t, zero.Write(path, ""))
	require.NoError(t, zero.SetPerms(path, xenbus.Perm{Domain: domain}))
	l, g := link()
	s.Introduce(domain, l)
	return g
}

func (g guest) store(t *testing.T) *xenbus.Store {
	s := xenbus.New(wire.Domain(g.page, g.event))
	t.Cleanup(func() { s.Close() })
	return s
}

// start is a server, and domain 0's view of it.
func start(t *testing.T) (*serve.Server, *xenbus.Store, *buffer) {
	log := new(buffer)
	s := serve.New(config(log))
	t.Cleanup(func() { s.Stop() })
	zero := xenbus.New(s.Local())
	t.Cleanup(func() { zero.Close() })
	return s, zero, log
}

func wait(t *testing.T, w *xenbus.Watch) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	paths, err := w.Wait(ctx)
	require.NoError(t, err)
	return paths
}

// The library's client and the daemon, by rings.
func TestDomains(t *testing.T) {
	s, zero, _ := start(t)
	five, six := home(t, s, zero, 5).store(t), home(t, s, zero, 6).store(t)
	require.NoError(t, five.Write("device/vif/0/state", "1"))
	got, err := zero.Read("/local/domain/5/device/vif/0/state")
	require.NoError(t, err)
	require.Equal(t, "1", got)
	_, err = six.Read("/local/domain/5/device/vif/0/state")
	require.ErrorIs(t, err, fs.ErrPermission)
	_, err = five.Read("none")
	require.ErrorIs(t, err, fs.ErrNotExist)
	path, err := six.DomainPath(7)
	require.NoError(t, err)
	require.Equal(t, "/local/domain/7", path)
	require.NoError(t, five.SetPerms("device", xenbus.Perm{Domain: 5}, xenbus.Perm{Domain: 6, Read: true}))
	perms, err := six.Perms("/local/domain/5/device")
	require.NoError(t, err)
	require.Equal(t, []xenbus.Perm{{Domain: 5}, {Domain: 6, Read: true}}, perms)

	watch, err := six.Watch("/local/domain/5/device")
	require.NoError(t, err)
	require.Equal(t, []string{"/local/domain/5/device"}, wait(t, watch))
	require.NoError(t, five.Transact(func(tx *xenbus.Tx) error {
		return errors.Join(tx.Write("device/a", "1"), tx.Mkdir("device/b"), tx.Remove("device/vif"))
	}))
	seen := map[string]bool{}
	for len(seen) < 3 {
		for _, path := range wait(t, watch) {
			seen[path] = true
		}
	}
	require.Equal(t, map[string]bool{"/local/domain/5/device/a": true, "/local/domain/5/device/b": true, "/local/domain/5/device/vif": true}, seen)
	for i := range 300 { // a list that is longer than a message
		require.NoError(t, zero.Write(fmt.Sprintf("/many/directory-%04d", i), ""))
	}
	names, err := zero.List("/many")
	require.NoError(t, err)
	require.Len(t, names, 300)
}

// A domain's end is told, and closes its connection.
func TestRelease(t *testing.T) {
	s, zero, _ := start(t)
	watch, err := zero.Watch("@releaseDomain")
	require.NoError(t, err)
	wait(t, watch)
	closed := false
	l, g := link()
	l.Close = func() { closed = true }
	s.Introduce(5, l)
	five := g.store(t)
	_, err = five.DomainPath(5)
	require.NoError(t, err)
	s.Shutdown(5)
	wait(t, watch)
	s.Resume(5)
	s.Shutdown(5)
	wait(t, watch)
	s.Release(5)
	require.True(t, closed)
	wait(t, watch)
	s.Release(0)
	_, err = zero.List("/")
	require.NoError(t, err)
}

// A client that speaks for domain 0 introduces and releases domains by requests.
func TestIntroduceByRequest(t *testing.T) {
	log := new(buffer)
	c := config(log)
	l, g := link()
	var closed atomic.Bool
	l.Close = func() { closed.Store(true) }
	c.Open = func(domain hypercall.DomID, frame uint64, port uint32) (serve.Link, error) {
		if domain != 5 || frame != 4711 || port != 3 {
			return serve.Link{}, errors.New("there is no such domain")
		}
		return l, nil
	}
	s := serve.New(c)
	defer s.Stop()
	conn := s.Local()
	ask := func(kind uint32, texts ...string) string {
		require.NoError(t, wire.Write(conn, wire.Message{Type: kind, Req: 1, Body: wire.Join(texts...)}))
		m, err := wire.Read(conn)
		require.NoError(t, err)
		return string(m.Body)
	}
	require.Equal(t, "EINVAL\x00", ask(hypercall.XS_INTRODUCE, "6", "1", "1"))
	require.Contains(t, log.String(), "there is no such domain")
	require.Equal(t, "OK\x00", ask(hypercall.XS_INTRODUCE, "5", "4711", "3"))
	_, err := g.store(t).DomainPath(5)
	require.NoError(t, err)
	require.Equal(t, "OK\x00", ask(hypercall.XS_RELEASE, "5"))
	require.Eventually(t, closed.Load, time.Minute, time.Millisecond)
	require.NoError(t, conn.Close())

	refusing, _, text := start(t)
	conn = refusing.Local()
	require.Equal(t, "EINVAL\x00", ask(hypercall.XS_INTRODUCE, "5", "4711", "3"))
	require.Contains(t, text.String(), "no way to reach a domain")
}

// Counters that many clients of several domains increment lose nothing while the daemon is stopped and another goes on, again and again: no
// request fails, no transaction is done twice or not at all, and no watch is silent.
func TestRestartInTraffic(t *testing.T) {
	log := new(buffer)
	daemon := serve.Start(config(log))
	defer daemon.Stop()
	var zero *xenbus.Store
	daemon.Use(func(s *serve.Server) { zero = xenbus.New(s.Local()) })
	defer zero.Close()
	require.NoError(t, zero.Write("/counter", "0"))
	require.NoError(t, zero.SetPerms("/counter", xenbus.Perm{Read: true, Write: true}))
	const domains = 4
	var rounds atomic.Int64
	var enough atomic.Bool
	watch, err := zero.Watch("/counter")
	require.NoError(t, err)
	var all sync.WaitGroup
	for d := range hypercall.DomID(domains) {
		var client *xenbus.Store
		daemon.Use(func(s *serve.Server) { client = home(t, s, zero, 1+d).store(t) })
		all.Go(func() {
			for i := 0; !enough.Load(); i++ {
				if err := client.Write("own", strconv.Itoa(i)); err != nil {
					t.Errorf("domain %d: %v", d, err)
					return
				}
				if err := increment(client); err != nil {
					t.Errorf("domain %d: %v", d, err)
					return
				}
				if got, err := client.Read("own"); err != nil || got != strconv.Itoa(i) {
					t.Errorf("domain %d: read %q, %v", d, got, err)
					return
				}
				rounds.Add(1)
			}
		})
	}
	for range 25 {
		for before := rounds.Load(); rounds.Load() < before+3 && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
		require.NoError(t, daemon.Restart())
	}
	enough.Store(true)
	all.Wait()
	got, err := zero.Read("/counter")
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(int(rounds.Load())), got)
	require.Equal(t, []string{"/counter"}, wait(t, watch))
	require.Empty(t, log.String())
}

// increment adds 1 to /counter in a transaction, as often as it takes.
func increment(client *xenbus.Store) error {
	for {
		err := client.Transact(func(tx *xenbus.Tx) error {
			text, err := tx.Read("/counter")
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(text)
			if err != nil {
				return err
			}
			return tx.Write("/counter", strconv.Itoa(n+1))
		})
		if !errors.Is(err, syscall.EAGAIN) {
			return err
		}
	}
}
