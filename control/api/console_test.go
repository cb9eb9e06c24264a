package api

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/api/wire"
	"tuco/control/console"
	"tuco/guestlib/evtchn/evtchntest"
	"tuco/ring"
)

// screen is a guest's side of its console.
type screen struct {
	t       *testing.T
	out, in ring.Bytes
	events  *evtchntest.End
}

// connect gives a guest's console a page.
func (w *world) connect(t *testing.T, name string) *screen {
	page := new(console.Page)
	s := &screen{t: t}
	mine, theirs := evtchntest.Pair()
	s.events = mine
	s.out, s.in = page.Guest()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	c, err := w.Console(name)
	require.NoError(t, err)
	go func() {
		defer close(ended)
		_ = c.Connect(ctx, page, theirs)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return s
}

func (s *screen) write(text string) {
	n, err := s.out.Put([]byte(text))
	require.NoError(s.t, err)
	require.Equal(s.t, len(text), n)
	_ = s.events.Notify()
}

// read waits for what was typed.
func (s *screen) read(n int) string {
	got := make([]byte, n)
	have := 0
	require.Eventually(s.t, func() bool {
		more, err := s.in.Take(got[have:])
		require.NoError(s.t, err)
		if have += more; more > 0 {
			_ = s.events.Notify()
		}
		return have == n
	}, time.Minute, time.Millisecond)
	return string(got)
}

// attach makes an upgraded connection.
func (w *world) attach(name string) (io.ReadWriteCloser, *http.Response) {
	r, err := http.NewRequest("GET", w.http.URL+wire.PathDomains+"/"+name+wire.Console, nil)
	require.NoError(w.t, err)
	r.Header.Set("Authorization", wire.Bearer+token)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", wire.ConsoleProtocol)
	a, err := w.http.Client().Do(r)
	require.NoError(w.t, err)
	if a.StatusCode != http.StatusSwitchingProtocols {
		return nil, a
	}
	both := a.Body.(io.ReadWriteCloser)
	w.t.Cleanup(func() { _ = both.Close() })
	return both, a
}

func TestConsole(t *testing.T) {
	w := newWorld(t)
	w.begin("web")
	s := w.connect(t, "web")
	s.write("hello\r\n\x1b[2Jbye")
	history := func() string {
		a, text := w.ask("GET", wire.PathDomains+"/web"+wire.Console, "", nil)
		require.Equal(t, http.StatusOK, a.StatusCode)
		assert.Equal(t, "text/plain; charset=utf-8", a.Header.Get("Content-Type"))
		return string(text)
	}
	require.Eventually(t, func() bool { return history() == "hello\n\\x1b[2Jbye" }, time.Minute, time.Millisecond, "with nothing that a terminal obeys")

	one, a := w.attach("web")
	require.NotNil(t, one)
	assert.Equal(t, wire.ConsoleProtocol, a.Header.Get("Upgrade"))
	two, _ := w.attach("web")
	read := func(from io.Reader, text string) {
		got := make([]byte, len(text))
		_, err := io.ReadFull(from, got)
		require.NoError(t, err)
		require.Equal(t, text, string(got))
	}
	read(one, "hello\r\n\x1b[2Jbye")
	read(two, "hello\r\n\x1b[2Jbye")
	s.write("more")
	read(one, "more")
	read(two, "more")
	_, err := io.WriteString(one, "typed by one")
	require.NoError(t, err)
	assert.Equal(t, "typed by one", s.read(12))
	long := strings.Repeat("0123456789", 500) // more than the console keeps, which the guest reads slowly
	go func() { _, _ = io.WriteString(two, long) }()
	assert.Equal(t, long, s.read(len(long)))

	require.NoError(t, two.Close())
	c, err := w.Console("web")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return c.Stats().Attached == 1 }, time.Minute, time.Millisecond, "who has gone is not attached")
	s.write("the end")
	read(one, "the end")
	c.Close()
	_, err = one.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF, "the guest is gone")
}

func TestConsoleRefused(t *testing.T) {
	w := newWorld(t)
	w.begin("web")
	assert.Contains(t, w.refused(http.StatusNotFound, "GET", wire.PathDomains+"/none"+wire.Console, "", nil), "no console of a guest")
	r, err := http.NewRequest("GET", w.http.URL+wire.PathDomains+"/web"+wire.Console, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", wire.Bearer+token)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	a, text := w.do(r)
	assert.Contains(t, w.isError(http.StatusBadRequest, a, text), `can be upgraded to "tuco-console", not to "websocket"`)

	for range maxConsoles {
		one, _ := w.attach("web")
		require.NotNil(t, one)
	}
	none, a := w.attach("web")
	require.Nil(t, none)
	assert.Equal(t, http.StatusServiceUnavailable, a.StatusCode)
}

// What comes right behind the request's head is typed too.
func TestConsoleAtOnce(t *testing.T) {
	w := newWorld(t)
	w.begin("web")
	s := w.connect(t, "web")
	c := w.dial()
	_, err := io.WriteString(c, "GET /v1/domains/web/console HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tuco-console\r\nAuthorization: Bearer "+token+"\r\n\r\nat once")
	require.NoError(t, err)
	a, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	assert.Equal(t, http.StatusSwitchingProtocols, a.StatusCode)
	assert.Equal(t, "at once", s.read(7))
}
