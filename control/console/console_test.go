package console_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/backend/backendtest"
	"tuco/control/console"
	"tuco/control/limit"
	"tuco/guestlib/evtchn"
	"tuco/guestlib/evtchn/evtchntest"
	"tuco/ring"
)

// guest is a guest with a console.
type guest struct {
	t       testing.TB
	console *console.Console
	page    *console.Page
	events  *evtchntest.End
	out, in ring.Bytes
	end     context.CancelFunc
	ended   chan error
}

func boot(t testing.TB, c console.Config) *guest {
	c.Name, c.Journal = "guest", slog.New(slog.DiscardHandler)
	if c.Clock == nil {
		c.Clock = &backendtest.Clock{Lively: true}
	}
	if c.History == 0 {
		c.History, c.Input = 4096, 4096
	}
	g := &guest{t: t, console: console.New(c), page: new(console.Page)}
	g.connect()
	t.Cleanup(func() { g.end(); g.console.Close() })
	return g
}

// connect connects the guest's page.
func (g *guest) connect() {
	mine, theirs := evtchntest.Pair()
	ctx, cancel := context.WithCancel(context.Background())
	g.events, g.ended = mine, make(chan error, 1)
	g.end = func() { cancel(); <-g.ended; g.ended <- nil }
	g.out, g.in = g.page.Guest()
	ended := g.ended
	go func() { ended <- g.console.Connect(ctx, g.page, theirs) }()
}

// write writes all, waiting for room as a guest does.
func (g *guest) write(p string) {
	for len(p) > 0 {
		n, err := g.out.Put([]byte(p))
		require.NoError(g.t, err)
		if p = p[n:]; n > 0 {
			require.NoError(g.t, g.events.Notify())
		} else {
			g.wait()
		}
	}
}

// read waits for something typed.
func (g *guest) read() string {
	p := make([]byte, 100)
	for {
		n, err := g.in.Take(p)
		require.NoError(g.t, err)
		if n > 0 {
			require.NoError(g.t, g.events.Notify())
			return string(p[:n])
		}
		g.wait()
	}
}

func (g *guest) wait() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(g.t, g.events.Wait(ctx))
}

// expect reads until all of a text has come.
func expect(t testing.TB, a *console.Attachment, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	got := ""
	for len(got) < len(want) {
		p, missed, err := a.Read(ctx)
		require.NoError(t, err, "after %q", got)
		require.Zero(t, missed)
		got += string(p)
	}
	require.Equal(t, want, got)
}

func attach(t testing.TB, g *guest, last int) *console.Attachment {
	a, err := g.console.Attach(last)
	require.NoError(t, err)
	t.Cleanup(a.Detach)
	return a
}

// What a guest has written before it ends is taken, whether its event was heard or not, and one that waits for room is told of it.
func TestLastWords(t *testing.T) {
	g := boot(t, console.Config{})
	g.end()
	n, err := g.out.Put(bytes.Repeat([]byte("x"), 2048))
	require.NoError(t, err)
	require.Equal(t, 2048, n)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	mine, theirs := evtchntest.Pair()
	require.Error(t, g.console.Connect(ctx, g.page, theirs))
	assert.Len(t, g.console.History(), 2048)
	assert.NoError(t, mine.Wait(t.Context()))
}

func TestBothWays(t *testing.T) {
	var log bytes.Buffer
	g := boot(t, console.Config{Log: &log})
	a := attach(t, g, 0)
	g.write("login: ")
	expect(t, a, "login: ")
	n, err := a.Write([]byte("root\n"))
	require.NoError(t, err)
	assert.Equal(t, 5, n)
	assert.Equal(t, "root\n", g.read())
	g.write("# ")
	expect(t, a, "# ")
	b := attach(t, g, 4)
	expect(t, b, ": # ")
	c := attach(t, g, 1000)
	expect(t, c, "login: # ")
	assert.Equal(t, console.Stats{Written: 9, Typed: 5, Attached: 3, Connected: true}, g.console.Stats())
	g.end()
	assert.Equal(t, "login: # ", log.String())
	assert.Equal(t, "login: # ", string(g.console.History()))
}

// TestLong: more than the rings hold goes both ways, and comes out as it went in.
func TestLong(t *testing.T) {
	g := boot(t, console.Config{History: 1 << 20, Input: 1 << 20})
	a := attach(t, g, 0)
	text := strings.Repeat("all work and no play\n", 5000)
	var wg sync.WaitGroup
	wg.Go(func() { g.write(text) })
	expect(t, a, text)
	wg.Wait()
	_, err := a.Write([]byte(text))
	require.NoError(t, err)
	got := ""
	for len(got) < len(text) {
		got += g.read()
	}
	assert.Equal(t, text, got)
}

// TestEarly: what was written before anybody listened, and typed before the guest was there, arrives.
func TestEarly(t *testing.T) {
	c := console.New(console.Config{History: 100, Input: 100, Clock: limit.System{}, Journal: slog.New(slog.DiscardHandler)})
	a, err := c.Attach(0)
	require.NoError(t, err)
	_, err = a.Write([]byte("typed early"))
	require.NoError(t, err)
	g := &guest{t: t, console: c, page: new(console.Page)}
	out, _ := g.page.Guest()
	_, err = out.Put([]byte("written early"))
	require.NoError(t, err)
	g.connect()
	expect(t, a, "written early")
	assert.Equal(t, "typed early", g.read())
	g.end()
}

// TestRestart: the daemon goes on where the last one stopped, and the guest may come with another page.
func TestRestart(t *testing.T) {
	g := boot(t, console.Config{})
	a := attach(t, g, 0)
	for _, line := range []string{"one\n", "two\n", "three\n"} {
		g.write(line)
		expect(t, a, line)
		g.end()
		assert.False(t, g.console.Stats().Connected)
		_, err := a.Write([]byte(line))
		require.NoError(t, err)
		g.connect()
		assert.Equal(t, line, g.read())
	}
	g.end()
	g.page = new(console.Page)
	g.connect()
	g.write("again\n")
	expect(t, a, "again\n")
	assert.ErrorIs(t, g.console.Connect(t.Context(), new(console.Page), nil), console.ErrConnected)
	assert.Equal(t, "one\ntwo\nthree\nagain\n", string(g.console.History()))
}

// TestSlowReader: who doesn't read holds nobody up, and is told what it has missed.
func TestSlowReader(t *testing.T) {
	g := boot(t, console.Config{History: 100, Input: 10})
	slow, quick := attach(t, g, 0), attach(t, g, 0)
	g.write("first ")
	expect(t, quick, "first ")
	for range 50 {
		g.write("0123456789")
		expect(t, quick, "0123456789")
	}
	p, missed, err := slow.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("0123456789", 10), string(p))
	assert.EqualValues(t, 6+400, missed)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = slow.Read(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}

// TestGuestReadsNothing: there is an end to what can be typed.
func TestGuestReadsNothing(t *testing.T) {
	g := boot(t, console.Config{History: 100, Input: 500})
	a := attach(t, g, 0)
	typed, want := 0, 1024+500
	require.Eventually(t, func() bool {
		n, err := a.Write([]byte("x"))
		if typed += n; err != nil {
			require.ErrorIs(t, err, console.ErrFull)
		}
		return typed == want
	}, time.Minute, time.Microsecond)
	_, err := a.Write([]byte("x"))
	assert.ErrorIs(t, err, console.ErrFull)
	assert.ErrorContains(t, err, "guest: the guest does not read")
	got := ""
	for len(got) < want {
		got += g.read()
	}
	assert.Equal(t, strings.Repeat("x", want), got)
	_, err = a.Write(make([]byte, 501))
	assert.ErrorIs(t, err, console.ErrFull, "all or nothing")
}

// TestFlood: a guest that writes without end is served at the rate, and nothing of what it has written is lost.
func TestFlood(t *testing.T) {
	clock := &backendtest.Clock{}
	g := boot(t, console.Config{Rate: limit.New(1000, 2048), Clock: clock, History: 1 << 20, Input: 10})
	a := attach(t, g, 0)
	text := strings.Repeat("flood\n", 2000)
	var wg sync.WaitGroup
	wg.Go(func() { g.write(text) })
	start := clock.Now()
	var got []byte
	for len(got) < len(text) {
		if clock.Waiting() > 0 {
			assert.LessOrEqual(t, float64(g.console.Stats().Written), 2048+2048+1000*clock.Now().Sub(start).Seconds())
			clock.Pass(100 * time.Millisecond)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		p, missed, err := a.Read(ctx)
		cancel()
		if err == nil {
			require.Zero(t, missed)
		}
		got = append(got, p...)
	}
	wg.Wait()
	assert.Equal(t, text, string(got))
	assert.Greater(t, clock.Now().Sub(start), 7*time.Second)
}

func TestEnds(t *testing.T) {
	g := boot(t, console.Config{})
	a, b := attach(t, g, 0), attach(t, g, 0)
	g.write("the end")
	expect(t, a, "the end")
	b.Detach()
	b.Detach()
	_, err := b.Write([]byte("x"))
	assert.ErrorIs(t, err, console.ErrClosed)
	g.end()
	g.console.Close()
	_, _, err = a.Read(t.Context())
	assert.ErrorIs(t, err, io.EOF)
	p, _, err := b.Read(t.Context())
	require.NoError(t, err, "what is left can be read")
	assert.Equal(t, "the end", string(p))
	_, _, err = b.Read(t.Context())
	assert.ErrorIs(t, err, io.EOF)
	_, err = a.Write([]byte("x"))
	assert.ErrorIs(t, err, console.ErrClosed)
	_, err = g.console.Attach(0)
	assert.ErrorIs(t, err, console.ErrClosed)
	assert.ErrorIs(t, g.console.Connect(t.Context(), g.page, nil), console.ErrClosed)
}

// TestChannelCloses: a guest that is gone ends its connection.
func TestChannelCloses(t *testing.T) {
	c := console.New(console.Config{History: 10, Input: 10, Clock: limit.System{}, Journal: slog.New(slog.DiscardHandler)})
	_, theirs := evtchntest.Pair()
	ended := make(chan error, 1)
	go func() { ended <- c.Connect(context.Background(), new(console.Page), theirs) }()
	require.NoError(t, theirs.Close())
	assert.ErrorIs(t, <-ended, evtchn.ErrClosed)
	assert.ErrorIs(t, c.Err(), evtchn.ErrClosed)
}

func TestXSA38Indices(t *testing.T) {
	for name, spoil := range map[string]func(*console.Page){
		"wrote more than there is room": func(p *console.Page) { atomic.StoreUint32(&p.OutProd, 2048+7+1) },
		"took back":                     func(p *console.Page) { atomic.StoreUint32(&p.OutProd, 3) },
		"read what was not typed":       func(p *console.Page) { atomic.StoreUint32(&p.InCons, 1) },
		"read far ahead":                func(p *console.Page) { atomic.StoreUint32(&p.InCons, 1<<31) },
	} {
		t.Run(name, func(t *testing.T) {
			g := boot(t, console.Config{})
			a := attach(t, g, 0)
			g.write("before\n")
			expect(t, a, "before\n")
			spoil(g.page)
			require.NoError(t, g.events.Notify())
			err := <-g.ended
			g.ended <- nil
			assert.ErrorIs(t, err, ring.ErrIndex)
			assert.ErrorIs(t, g.console.Err(), ring.ErrIndex)
			assert.Equal(t, "before\n", string(g.console.History()))
			g.page = new(console.Page)
			g.connect()
			g.write("another\n")
			expect(t, a, "another\n")
		})
	}
}

// TestIndicesMove: indices jump about while the daemon works.
func TestIndicesMove(t *testing.T) {
	g := boot(t, console.Config{})
	a := attach(t, g, 0)
	for i := range uint32(1000) {
		_, _ = a.Write([]byte("x"))
		atomic.StoreUint32(&g.page.OutProd, i*2654435761)
		atomic.StoreUint32(&g.page.InCons, i*40503)
		_ = g.events.Notify()
	}
	err := <-g.ended
	g.ended <- nil
	assert.ErrorIs(t, err, ring.ErrIndex)
}

// full is a log on a disk that is full.
type full struct{ n atomic.Int64 }

func (f *full) Write([]byte) (int, error) {
	f.n.Add(1)
	return 0, errors.New("no space left")
}

func TestLogFails(t *testing.T) {
	log := &full{}
	g := boot(t, console.Config{Log: log})
	a := attach(t, g, 0)
	for range 5 {
		g.write("line\n")
		expect(t, a, "line\n")
	}
	assert.EqualValues(t, 1, log.n.Load(), "it is not tried again and again")
}

func TestPrintable(t *testing.T) {
	assert.Equal(t, "a\tb\n\\x1b[2J\\x07\\x0dü€\\xff\\xc2\\x9b\\x7f", console.Printable([]byte("a\tb\n\x1b[2J\a\rü€\xff\u009b\x7f")))
	assert.Empty(t, console.Printable(nil))
}

// TestHistory compares the history with all that was ever written.
func TestHistory(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		size := 1 + r.IntN(300)
		g := boot(t, console.Config{History: size, Input: 1})
		a := attach(t, g, 0)
		all := ""
		for range 20 {
			p := strings.Repeat(string(rune('a'+r.IntN(26))), 1+r.IntN(200))
			g.write(p)
			all += p
			for got := 0; got < len(p); {
				q, missed, err := a.Read(t.Context())
				require.NoError(t, err)
				got += len(q) + int(missed)
			}
			require.Equal(t, all[max(0, len(all)-size):], string(g.console.History()))
		}
		g.end()
	}
}

// FuzzGuest: whatever a guest has in its page, the daemon ends or waits, and the history is no longer than it may be.
func FuzzGuest(f *testing.F) {
	f.Add([]byte("hello"), []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0})
	f.Add([]byte{0xff}, []byte{1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, text, indices []byte) {
		page := new(console.Page)
		copy(page.Out[:], text)
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&page.InCons)), 16), indices)
		c := console.New(console.Config{History: 64, Input: 64, Clock: limit.System{}, Journal: slog.New(slog.DiscardHandler)})
		a, err := c.Attach(0)
		require.NoError(t, err)
		_, err = a.Write([]byte("typed"))
		require.NoError(t, err)
		_, theirs := evtchntest.Pair()
		require.NoError(t, theirs.Close())
		require.Error(t, c.Connect(t.Context(), page, theirs))
		require.LessOrEqual(t, len(c.History()), 64)
		require.LessOrEqual(t, c.Stats().Written, uint64(len(page.Out)))
	})
}

// TestNotifiesForNothing: a guest that sends events with nothing behind them is looked at ever more slowly.
func TestNotifiesForNothing(t *testing.T) {
	clock := &backendtest.Clock{}
	g := boot(t, console.Config{Clock: clock})
	a := attach(t, g, 0)
	require.Eventually(t, func() bool { // events that come together are one
		_ = g.events.Notify()
		return clock.Waiting() > 0
	}, time.Minute, time.Millisecond, "nobody makes it wait")
	g.write("work")
	clock.Pass(time.Second)
	expect(t, a, "work")
}
