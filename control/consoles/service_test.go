package consoles_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/backend/backendtest"
	"tuco/control/config"
	"tuco/control/console"
	"tuco/control/consoles"
	"tuco/control/domains"
	"tuco/guestlib/evtchn/evtchntest"
	"tuco/ring"
)

// scene is a control domain with guests of one name.
type scene struct {
	consoles.Service
	to     text
	mapped int
	fail   error // of what is asked for next

	guest   *evtchntest.End // the guest's end
	out, in ring.Bytes
}

// text is what was written.
type text struct {
	mu sync.Mutex
	b  strings.Builder
}

func (x *text) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.Write(p)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.String()
}

func newScene() *scene {
	s := &scene{}
	s.Service = consoles.Service{Open: s.open, Clock: &backendtest.Clock{Lively: true}, Log: slog.New(slog.DiscardHandler), To: &s.to}
	return s
}

func (s *scene) open(*domains.Instance) (*consoles.Link, error) {
	if err := s.fail; err != nil {
		s.fail = nil
		return nil, err
	}
	s.mapped++
	page := new(console.Page)
	s.out, s.in = page.Guest()
	mine, theirs := evtchntest.Pair()
	s.guest = mine
	return &consoles.Link{Page: page, Events: theirs, Unmap: func() error {
		if err := s.fail; err != nil {
			s.fail = nil
			return err
		}
		s.mapped--
		return nil
	}}, nil
}

func instance(serial uint64) *domains.Instance {
	return &domains.Instance{Config: &config.Guest{Name: "web"}, ID: domains.ID{Dom: 3, Serial: serial}}
}

func (s *scene) write(t *testing.T, p string) {
	t.Helper()
	for len(p) > 0 {
		n, err := s.out.Put([]byte(p))
		require.NoError(t, err)
		p = p[n:]
		require.NoError(t, s.guest.Notify())
		if n == 0 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			require.NoError(t, s.guest.Wait(ctx))
			cancel()
		}
	}
}

// The console lasts over the guest's domains, with who is attached, until the guest is forgotten.
func TestLife(t *testing.T) {
	s := newScene()
	first := instance(1)
	require.NoError(t, s.Attach(first))
	assert.Error(t, s.Attach(first), "twice")
	c, err := s.Console("web")
	require.NoError(t, err)
	a, err := c.Attach(0)
	require.NoError(t, err)
	s.write(t, "hello\nthe end")
	require.NoError(t, s.Detach(first))
	assert.Equal(t, "web: hello\nweb: the end\n", s.to.String())
	require.NoError(t, s.Detach(first), "it is no error")
	assert.Zero(t, s.mapped)

	second := instance(2)
	require.NoError(t, s.Attach(second))
	s.write(t, "again\n")
	require.NoError(t, s.Type("web", "ls\n"))
	typed := ""
	for p := make([]byte, 10); typed != "ls\n"; {
		n, err := s.in.Take(p)
		require.NoError(t, err)
		typed += string(p[:n])
	}
	assert.ErrorIs(t, s.Type("web", strings.Repeat("x", 1<<20)), console.ErrFull)
	assert.ErrorIs(t, s.Type("db", "ls\n"), domains.ErrNotFound)
	require.NoError(t, s.Detach(second))
	end, err := s.End(second)
	require.NoError(t, err)
	assert.Equal(t, "hello\nthe endagain\n", end)

	s.Forget("web")
	s.Forget("web")
	_, err = s.Console("web")
	assert.ErrorIs(t, err, domains.ErrNotFound)
	_, err = s.End(second)
	assert.Error(t, err)
	got := ""
	for {
		p, _, err := a.Read(t.Context())
		if err != nil {
			assert.Equal(t, io.EOF, err)
			break
		}
		got += string(p)
	}
	assert.Equal(t, end, got)
}

// Nothing is lost by restarts, and nothing comes twice.
func TestRestart(t *testing.T) {
	s := newScene()
	g := instance(1)
	require.NoError(t, s.Attach(g))
	over := make(chan struct{})
	go func() {
		defer close(over)
		for range 20 {
			assert.NoError(t, s.Restart(t.Context()))
		}
	}()
	line := strings.Repeat("0123456789", 9) + "\n"
	lines := 0
	for running := true; running || lines < 100; lines++ {
		s.Clock.(*backendtest.Clock).Pass(time.Second) // so that it does not write too much
		s.write(t, line)
		select {
		case <-over:
			running = false
		default:
		}
	}
	require.NoError(t, s.Detach(g))
	assert.Equal(t, lines, strings.Count(s.to.String(), "web: "+line))
	assert.Len(t, s.to.String(), lines*len("web: "+line))
	require.NoError(t, s.Restart(t.Context()), "with nobody there")
}

// What can't be mapped leaves nothing, and what can't be unmapped is tried again.
func TestFailures(t *testing.T) {
	s := newScene()
	g, bad := instance(1), errors.New("no")
	s.fail = bad
	assert.ErrorIs(t, s.Attach(g), bad)
	require.NoError(t, s.Attach(g))
	s.fail = bad
	assert.ErrorIs(t, s.Detach(g), bad)
	require.NoError(t, s.Restart(t.Context()), "it is on its way out")
	require.NoError(t, s.Detach(g))
	assert.Zero(t, s.mapped)
}

// A guest can't write what looks like another's line, or moves a terminal's cursor.
func TestLines(t *testing.T) {
	s := newScene()
	g := instance(1)
	require.NoError(t, s.Attach(g))
	s.write(t, "one\r\n\n\x1b[2Jtwo\rdb: forged\n"+strings.Repeat("y", 5000)+"\ncaf\u00e9\tx\n")
	require.NoError(t, s.Detach(g))
	assert.Equal(t, "web: one\nweb: \\x1b[2Jtwo\\x0ddb: forged\nweb: "+strings.Repeat("y", 4096)+"\nweb: "+strings.Repeat("y", 5000-4096)+"\nweb: caf\u00e9\tx\n", s.to.String())
}

// All of it is copied for somebody who wants that.
func TestAll(t *testing.T) {
	s := newScene()
	s.All = true
	g := instance(1)
	require.NoError(t, s.Attach(g))
	line := strings.Repeat("z", 999) + "\n"
	const lines = 3 << 20 / 1000
	for range lines {
		s.write(t, line)
	}
	require.NoError(t, s.Detach(g))
	assert.Equal(t, lines, strings.Count(s.to.String(), "\n"))
}

// Of a guest that writes without end only so much is copied, and it is said how much is not. Its own console has the last of it.
func TestFlood(t *testing.T) {
	s := newScene()
	var said text
	s.Log = slog.New(slog.NewTextHandler(&said, nil))
	g := instance(1)
	require.NoError(t, s.Attach(g))
	const most = 2 << 20
	line := strings.Repeat("\x1b0123456789", 9) + "\n"
	size := len(line) - 1
	flood := func() (lines int) {
		for n := 0; n < most+most/4; lines++ {
			s.write(t, line)
			n += size
		}
		return lines
	}
	lines := flood()
	require.Eventually(t, func() bool { c, _ := s.Console("web"); return c.Stats().Written == uint64(lines*len(line)) }, time.Minute, time.Millisecond)
	assert.Less(t, len(s.to.String()), most+most/8, "what stands for a control character counts too")
	assert.Greater(t, len(s.to.String()), most-most/8)
	assert.Equal(t, 1, strings.Count(said.String(), `level=WARN msg="the guest writes more than is copied here: its own console has it" guest=web`))
	copied := strings.Count(s.to.String(), "\n")
	s.Clock.(*backendtest.Clock).Pass(time.Hour)
	s.write(t, "at last\n")
	require.NoError(t, s.Detach(g))
	assert.True(t, strings.HasSuffix(s.to.String(), "web: at last\n"))
	assert.Contains(t, said.String(), fmt.Sprintf(`level=WARN msg="lines of the guest's were left out here" guest=web lines=%d bytes=%d`, lines-copied, (lines-copied)*size))
	end, err := s.End(g)
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(end, line+"at last\n"))
}
