package console

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/ring"
	ringconsole "tuco/ring/console"
)

// attach is a new console. The tests have one after the other.
func attach(t *testing.T, page *ringconsole.Page) {
	t.Helper()
	Attach(page)
	t.Cleanup(func() { attached.up = 0 })
}

func TestNoPage(t *testing.T) {
	assert.False(t, Attached())
	_, ok := Put([]byte("x"))
	assert.False(t, ok)
	_, ok = Take(make([]byte, 1))
	assert.False(t, ok)
}

func TestBothWays(t *testing.T) {
	var page ringconsole.Page
	page.OutProd, page.OutCons, page.InProd, page.InCons = 0xffff_fff0, 0xffff_fff0, 7, 7 // it was in use before
	out, in := page.Daemon()
	attach(t, &page)

	long := strings.Repeat("0123456789", 300)
	n, ok := Put([]byte(long))
	require.True(t, ok)
	assert.Equal(t, 2048, n, "no more than there is room for")
	n, ok = Put([]byte("x"))
	assert.True(t, ok)
	assert.Zero(t, n)
	got := make([]byte, 3000)
	n, err := out.Take(got)
	require.NoError(t, err)
	assert.Equal(t, long[:2048], string(got[:n]))
	n, _ = Put([]byte("rest"))
	assert.Equal(t, 4, n)

	n, ok = Take(got)
	assert.True(t, ok)
	assert.Zero(t, n)
	_, err = in.Put([]byte("typed\n"))
	require.NoError(t, err)
	n, ok = Take(got[:3])
	require.True(t, ok)
	assert.Equal(t, "typ", string(got[:n]))
	n, _ = Take(got)
	assert.Equal(t, "ed\n", string(got[:n]))
}

// TestHostileDaemon: an index that can't be ends the use of the page, in both directions.
func TestHostileDaemon(t *testing.T) {
	for name, spoil := range map[string]func(*ringconsole.Page){
		"took what is not there": func(p *ringconsole.Page) { p.OutCons = 2 },
		"took it back":           func(p *ringconsole.Page) { p.OutCons = 0xffff_f000 },
		"typed too much":         func(p *ringconsole.Page) { p.InProd = 1025 },
		"typed it back":          func(p *ringconsole.Page) { p.InProd = 0xffff_ffff },
	} {
		t.Run(name, func(t *testing.T) {
			var page ringconsole.Page
			attach(t, &page)
			n, ok := Put([]byte("x"))
			require.True(t, ok)
			require.Equal(t, 1, n)
			spoil(&page)
			_, put := Put([]byte("y"))
			_, take := Take(make([]byte, 1))
			assert.False(t, put && take)
			assert.False(t, Attached())
			page = ringconsole.Page{}
			_, ok = Put([]byte("z"))
			assert.False(t, ok, "for good")
		})
	}
}

// world is a daemon that takes something each time it is waited for, and a clock that moves then.
type world struct {
	now, notified, waited uint64
	takes                 int
	got                   []byte
}

func (w *world) daemon(out ring.Bytes) *Daemon {
	return &Daemon{
		Now:    func() uint64 { return w.now },
		Notify: func() { w.notified++ },
		Wait: func(until uint64) {
			w.now = until
			w.waited++
			piece := make([]byte, w.takes)
			n, _ := out.Take(piece)
			w.got = append(w.got, piece[:n]...)
		},
	}
}

func TestTransmit(t *testing.T) {
	var page ringconsole.Page
	out, _ := page.Daemon()
	attach(t, &page)
	w := world{takes: 100}
	d := w.daemon(out)
	text := strings.Repeat("0123456789", 500)
	for at := 0; at < len(text); at += 500 {
		require.True(t, Transmit([]byte(text[at:at+500]), d))
	}
	assert.NotZero(t, w.waited)
	w.takes = 5000
	d.Wait(w.now)
	assert.Equal(t, text, string(w.got))
	assert.NotZero(t, w.notified)
}

// TestNobodyTakes: a program waits for some time, once, and goes on when the daemon does.
func TestNobodyTakes(t *testing.T) {
	var page ringconsole.Page
	out, _ := page.Daemon()
	attach(t, &page)
	t.Cleanup(func() { gaveUp = 0 })
	var w world
	d := w.daemon(out)
	text := []byte(strings.Repeat("x", 1500))
	require.True(t, Transmit(text, d))
	require.False(t, Transmit(text, d), "no room for all of it")
	assert.EqualValues(t, longestWait, w.now)
	before := w.waited
	for range 10 {
		require.False(t, Transmit(text, d))
	}
	assert.Equal(t, before, w.waited, "not again")

	w.takes = 2048
	d.Wait(w.now)
	require.True(t, Transmit(text, d))
	w.takes = 1
	require.True(t, Transmit(text[:600], d), "waited for again")
}
