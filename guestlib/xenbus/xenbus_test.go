package xenbus_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/xenbus"
	"tuco/guestlib/xenbus/wire"
	"tuco/guestlib/xenbus/xenbustest"
	"tuco/hypercall"
)

func connect(t *testing.T, domain hypercall.DomID) (*xenbustest.Server, *xenbus.Store) {
	server := xenbustest.New()
	store := server.Connect(domain)
	t.Cleanup(func() { store.Close() })
	return server, store
}

func TestNodes(t *testing.T) {
	server, s := connect(t, 5)
	require.NoError(t, s.Write("device/vif/0/state", "1"))
	v, ok := server.Read("/local/domain/5/device/vif/0/state")
	require.True(t, ok)
	require.Equal(t, "1", v)
	got, err := s.Read("/local/domain/5/device/vif/0/state")
	require.NoError(t, err)
	require.Equal(t, "1", got)

	require.NoError(t, s.Mkdir("device/vbd"))
	require.NoError(t, s.Mkdir("device/vif"), "it is there")
	names, err := s.List("device")
	require.NoError(t, err)
	require.Equal(t, []string{"vbd", "vif"}, names)
	names, err = s.List("device/vbd")
	require.NoError(t, err)
	require.Empty(t, names)
	got, err = s.Read("device/vbd")
	require.NoError(t, err)
	require.Empty(t, got)

	require.NoError(t, s.Remove("device/vif"))
	require.NoError(t, s.Remove("device/vif"), "it is gone already")
	_, err = s.Read("device/vif/0/state")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "device/vif/0/state")
	_, err = s.List("nothing")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorIs(t, s.Remove("nothing/here"), fs.ErrNotExist)

	path, err := s.DomainPath(7)
	require.NoError(t, err)
	require.Equal(t, "/local/domain/7", path)
	binary := "a\x00b\xff"
	require.NoError(t, s.Write("binary", binary))
	got, err = s.Read("binary")
	require.NoError(t, err)
	require.Equal(t, binary, got)
}

func TestBadPaths(t *testing.T) {
	_, s := connect(t, 5)
	for _, test := range []struct {
		path string
		want error
	}{
		{"", syscall.EINVAL},
		{"a\x00b", syscall.EINVAL},
		{"/" + strings.Repeat("x", 3072), syscall.ENAMETOOLONG},
		{strings.Repeat("x", 2049), syscall.ENAMETOOLONG},
		{"a//b", syscall.EINVAL},
	} {
		_, err := s.Read(test.path)
		require.ErrorIs(t, err, test.want, "%.20q", test.path)
		require.ErrorIs(t, s.Write(test.path, "v"), test.want, "%.20q", test.path)
		_, err = s.Watch(test.path)
		require.ErrorIs(t, err, test.want, "%.20q", test.path)
	}
	require.ErrorIs(t, s.Write("a", strings.Repeat("v", 4096)), wire.ErrTooLong)
	require.NoError(t, s.Write("a", strings.Repeat("v", 4094)))
}

func TestPermissions(t *testing.T) {
	server, five := connect(t, 5)
	six := server.Connect(6)
	defer six.Close()
	zero := server.Connect(0)
	defer zero.Close()
	require.NoError(t, five.Write("secret", "x"))
	_, err := six.Read("/local/domain/5/secret")
	require.ErrorIs(t, err, fs.ErrPermission)
	_, err = six.Read("/local/domain/5/nothing")
	require.ErrorIs(t, err, fs.ErrPermission, "who may not look does not hear whether there is anything")
	_, err = zero.Read("/local/domain/5/secret")
	require.NoError(t, err)

	perms := []xenbus.Perm{{Domain: 5}, {Domain: 6, Read: true}}
	require.NoError(t, five.SetPerms("secret", perms...))
	got, err := five.Perms("secret")
	require.NoError(t, err)
	require.Equal(t, perms, got)
	_, err = six.Read("/local/domain/5/secret")
	require.NoError(t, err)
	require.ErrorIs(t, six.Write("/local/domain/5/secret", "y"), fs.ErrPermission)
	require.ErrorIs(t, six.SetPerms("/local/domain/5/secret", xenbus.Perm{Domain: 6}), fs.ErrPermission)
}

func TestPermTexts(t *testing.T) {
	for text, want := range map[string]xenbus.Perm{
		"n0": {}, "r1": {Domain: 1, Read: true}, "w65535": {Domain: 65535, Write: true}, "b3": {Domain: 3, Read: true, Write: true},
	} {
		p, err := xenbus.ParsePerm(text)
		require.NoError(t, err)
		require.Equal(t, want, p)
		require.Equal(t, text, p.String())
	}
	for _, text := range []string{"", "r", "x1", "r-1", "r65536", "1"} {
		_, err := xenbus.ParsePerm(text)
		require.ErrorIs(t, err, xenbus.ErrProtocol, text)
	}
}

// A directory that does not fit in a message.
func TestLongList(t *testing.T) {
	_, s := connect(t, 5)
	const n = 700
	for i := range n {
		require.NoError(t, s.Write(fmt.Sprintf("many/child-number-%04d", i), ""))
	}
	names, err := s.List("many")
	require.NoError(t, err)
	require.Len(t, names, n)
	require.Equal(t, "child-number-0000", names[0])
	require.Equal(t, "child-number-0699", names[n-1])
}

func TestTransactions(t *testing.T) {
	server, s := connect(t, 5)
	tx, err := s.Begin()
	require.NoError(t, err)
	require.NoError(t, tx.Write("a", "1"))
	v, err := tx.Read("a")
	require.NoError(t, err)
	require.Equal(t, "1", v)
	_, err = s.Read("a")
	require.ErrorIs(t, err, fs.ErrNotExist, "outside it has not happened")
	require.NoError(t, tx.Commit())
	v, err = s.Read("a")
	require.NoError(t, err)
	require.Equal(t, "1", v)
	require.ErrorIs(t, tx.Commit(), fs.ErrNotExist, "it has ended")

	tx, err = s.Begin()
	require.NoError(t, err)
	require.NoError(t, tx.Remove("a"))
	require.NoError(t, tx.Abort())
	_, err = s.Read("a")
	require.NoError(t, err)

	tx, err = s.Begin()
	require.NoError(t, err)
	require.NoError(t, tx.Write("a", "2"))
	server.Write("/elsewhere", "")
	require.ErrorIs(t, tx.Commit(), syscall.EAGAIN)

	wrong := errors.New("no")
	require.ErrorIs(t, s.Transact(func(*xenbus.Tx) error { return wrong }), wrong)
	calls := 0
	require.ErrorIs(t, s.Transact(func(tx *xenbus.Tx) error {
		calls++
		server.Write("/elsewhere", strconv.Itoa(calls))
		return tx.Write("a", "3")
	}), syscall.EAGAIN)
	require.Equal(t, 64, calls, "it gives up some time")
	require.NoError(t, s.WriteAll(map[string]string{"x": "1", "y": "2"}))
	for range 10 {
		_, err := s.Begin()
		require.NoError(t, err)
	}
	_, err = s.Begin()
	require.ErrorIs(t, err, syscall.ENOSPC)
}

// Counters that many goroutines of several domains increment, by transactions, lose nothing.
func TestConcurrentTransactions(t *testing.T) {
	server := xenbustest.New()
	server.Write("/counter", "0")
	const domains, goroutines, rounds = 2, 2, 20
	var all sync.WaitGroup
	for d := range domains {
		s := server.Connect(0)
		defer s.Close()
		for range goroutines {
			all.Go(func() {
				for done := 0; done < rounds; {
					err := s.Transact(func(tx *xenbus.Tx) error {
						v, err := tx.Read("/counter")
						if err != nil {
							return err
						}
						n, err := strconv.Atoi(v)
						if err != nil {
							return err
						}
						return tx.Write("/counter", strconv.Itoa(n+1))
					})
					switch {
					case err == nil:
						done++
					case !errors.Is(err, syscall.EAGAIN):
						t.Errorf("domain %d: %v", d, err)
						return
					}
				}
			})
		}
	}
	all.Wait()
	v, _ := server.Read("/counter")
	require.Equal(t, strconv.Itoa(domains*goroutines*rounds), v)
}

func wait(t *testing.T, w *xenbus.Watch) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	paths, err := w.Wait(ctx)
	require.NoError(t, err)
	return paths
}

func TestWatch(t *testing.T) {
	server, s := connect(t, 5)
	w, err := s.Watch("device")
	require.NoError(t, err)
	require.Equal(t, []string{"device"}, wait(t, w), "the first comes at once")
	server.Write("/local/domain/5/device/vif/0/state", "2")
	require.Equal(t, []string{"device/vif/0/state"}, wait(t, w))
	server.Write("/local/domain/5/devices", "of another name")
	absolute, err := s.Watch("/local/domain/5/device/vif")
	require.NoError(t, err)
	require.Equal(t, []string{"/local/domain/5/device/vif"}, wait(t, absolute))
	server.Remove("/local/domain/5/device/vif")
	require.Equal(t, []string{"device/vif"}, wait(t, w))
	require.Equal(t, []string{"/local/domain/5/device/vif"}, wait(t, absolute))

	w.Stop()
	w.Stop()
	for range w.Changed() { // which may still have something to receive, and is closed then
	}
	_, err = w.Wait(t.Context())
	require.ErrorIs(t, err, xenbus.ErrClosed)
	server.Write("/local/domain/5/device/x", "")
	require.NoError(t, s.Write("y", ""))
	require.Empty(t, w.Take())
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	absolute.Take()
	_, err = absolute.Wait(short)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// More changes than a watch remembers become one of all.
func TestWatchOverflow(t *testing.T) {
	server, s := connect(t, 5)
	w, err := s.Watch("d")
	require.NoError(t, err)
	wait(t, w)
	const many = 1000
	for i := range many {
		server.Write(fmt.Sprintf("/local/domain/5/d/%d", i), "")
	}
	seen := map[string]bool{}
	for !seen["d"] && len(seen) < many {
		paths := wait(t, w)
		require.LessOrEqual(t, len(paths), 256)
		for _, p := range paths {
			seen[p] = true
		}
	}
}

func TestClose(t *testing.T) {
	server, s := connect(t, 5)
	w, err := s.Watch("a")
	require.NoError(t, err)
	wait(t, w)
	waited := make(chan error)
	go func() { _, err := w.Wait(context.Background()); waited <- err }()
	server.Disconnect(5) // the daemon is silent from here on
	read := make(chan error)
	go func() { _, err := s.Read("a"); read <- err }()
	time.Sleep(5 * time.Millisecond)
	require.NoError(t, s.Close())
	require.ErrorIs(t, <-waited, xenbus.ErrClosed)
	require.Error(t, <-read)
	_, err = s.Read("a")
	require.ErrorIs(t, err, xenbus.ErrClosed)
	_, err = s.Watch("a")
	require.ErrorIs(t, err, xenbus.ErrClosed)
}

// After a reconnection the watches are there again, and what was under way has failed.
func TestReconnect(t *testing.T) {
	server, s := connect(t, 5)
	w, err := s.Watch("a")
	require.NoError(t, err)
	wait(t, w)
	tx, err := s.Begin()
	require.NoError(t, err)
	require.NoError(t, s.Reconnect(server.Dial(5)))
	require.Equal(t, []string{"a"}, wait(t, w), "it may have changed meanwhile")
	require.NoError(t, s.Write("a", "1"))
	require.Equal(t, []string{"a"}, wait(t, w))
	require.Error(t, tx.Commit())

	require.NoError(t, s.Close())
	require.NoError(t, s.Reconnect(server.Dial(5)))
	v, err := s.Read("a")
	require.NoError(t, err)
	require.Equal(t, "1", v)
}

// A request that comes while the connection is made anew fails, or has its reply: never nothing.
func TestRequestsMeanwhile(t *testing.T) {
	server, s := connect(t, 5)
	require.NoError(t, s.Write("a", "1"))
	require.NoError(t, s.Close())
	over := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		for {
			if v, err := s.Read("a"); err == nil && v != "1" {
				t.Errorf("read %q, with no error", v)
			}
			select {
			case <-over:
				return
			default:
			}
		}
	})
	for range 100 {
		require.NoError(t, s.Reconnect(server.Dial(5)))
		require.NoError(t, s.Close())
	}
	close(over)
	asking.Wait()
}

// A domain that is saved loses its connection before it can make another. Watches outlive that, and requests wait for it.
func TestHold(t *testing.T) {
	server := xenbustest.New()
	conn := server.Dial(5)
	s := xenbus.New(conn)
	defer s.Close()
	w, err := s.Watch("a")
	require.NoError(t, err)
	wait(t, w)
	s.Hold()
	require.NoError(t, conn.Close())
	answered := make(chan error)
	go func() { answered <- s.Write("b", "1") }()
	require.NoError(t, w.Err())
	require.NoError(t, s.Reconnect(server.Dial(5)))
	if err := <-answered; err != nil { // it came before the new connection
		require.ErrorIs(t, err, xenbus.ErrReset)
	}
	require.Equal(t, []string{"a"}, wait(t, w))
	require.NoError(t, s.Write("a", "1"))
	require.Equal(t, []string{"a"}, wait(t, w))
}

// If it goes on where it was, what has failed meanwhile has failed.
func TestRelease(t *testing.T) {
	server := xenbustest.New()
	conn := server.Dial(5)
	s := xenbus.New(conn)
	defer s.Close()
	w, err := s.Watch("a")
	require.NoError(t, err)
	wait(t, w)
	s.Hold()
	s.Release()
	require.NoError(t, s.Write("a", "1"))
	require.Equal(t, []string{"a"}, wait(t, w))
	s.Hold()
	require.NoError(t, conn.Close())
	s.Release()
	_, err = s.Read("a")
	require.Error(t, err)
	require.Eventually(t, func() bool { return w.Err() != nil }, 10*time.Second, time.Millisecond)
}
