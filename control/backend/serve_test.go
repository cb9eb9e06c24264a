package backend_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/backend"
	"tuco/control/backend/backendtest"
	"tuco/guestlib/frontend"
	"tuco/guestlib/frontend/model"
	"tuco/hypercall"
)

// driver is a back end whose device is a page and a channel.
type driver struct {
	mu       sync.Mutex
	sessions []*session
	panics   bool
}

type session struct {
	page    backend.Mapping
	channel frontend.Channel
	ended   chan struct{}
	closed  bool
}

func (*driver) Offer() map[string]string     { return map[string]string{"feature-page": "1"} }
func (*driver) Ready() hypercall.XenbusState { return hypercall.XenbusStateInitialised }

func (d *driver) Connect(p *backend.Peer) (backend.Session, map[string]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.panics {
		panic("as the test demands")
	}
	page, err := p.Map("page")
	if err != nil {
		return nil, nil, err
	}
	channel, err := p.Bind("port")
	if err != nil {
		return nil, nil, errors.Join(err, page.Close())
	}
	s := &session{page: page, channel: channel, ended: make(chan struct{})}
	d.sessions = append(d.sessions, s)
	return s, map[string]string{"size": "5"}, nil
}

func (s *session) Ended() <-chan struct{} { return s.ended }
func (s *session) Err() error             { return backend.Misbehaved("index %d", 77) }

func (s *session) Close() {
	if s.closed {
		panic("closed twice")
	}
	s.closed = true
	_, _ = s.channel.Close(), s.page.Close()
}

func (d *driver) last() *session {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sessions[len(d.sessions)-1]
}

func (d *driver) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.sessions)
}

// scene is a device, its back end, and the test as its front end.
type scene struct {
	*backendtest.Machine
	t       *testing.T
	device  backend.Device
	driver  *driver
	clock   *backendtest.Clock
	daemon  *backend.Daemon
	page    frontend.Shared
	channel frontend.Channel
}

func set(t *testing.T) *scene {
	s := &scene{Machine: backendtest.New(), t: t, driver: &driver{}, clock: &backendtest.Clock{},
		device: backend.Device{Class: "vbd", Domain: model.Guest, ID: 51712}}
	s.Plug(s.device, nil, nil)
	var err error
	s.page, err = s.Share(model.Back, 1, false)
	require.NoError(t, err)
	s.channel, err = s.Listen(model.Back)
	require.NoError(t, err)
	s.start()
	t.Cleanup(func() {
		require.NoError(t, s.daemon.Stop(context.Background()))
		assert.Empty(t, s.daemon.Devices())
		assert.Zero(t, s.Host.Mapped())
		assert.Equal(t, 1, s.Ports(), "the front end's")
		assert.Zero(t, s.Tree.Watches())
	})
	return s
}

func (s *scene) start() {
	s.daemon = backend.NewDaemon(s.Config(s.clock))
	require.NoError(s.t, s.daemon.Attach(s.device, s.driver))
}

// propose is what a front end says; state comes with it.
func (s *scene) propose(state hypercall.XenbusState) {
	s.Say(s.device, map[string]string{"page": fmt.Sprint(s.page.Refs[0]), "port": fmt.Sprint(s.channel.Port())})
	s.front(state)
}

func (s *scene) front(state hypercall.XenbusState) {
	s.Say(s.device, map[string]string{"state": fmt.Sprint(int(state))})
}

func (s *scene) await(state hypercall.XenbusState) {
	s.t.Helper()
	s.Await(s.t, s.device, state)
}

func (s *scene) back(node string) string {
	text, _ := s.Tree.Read(s.device.Back(model.Back) + "/" + node)
	return text
}

func TestLife(t *testing.T) {
	s := set(t)
	s.await(hypercall.XenbusStateInitWait)
	assert.Equal(t, "1", s.back("feature-page"))
	assert.Empty(t, s.back("size"))
	for n := 1; n <= 3; n++ {
		s.propose(hypercall.XenbusStateInitialised)
		s.await(hypercall.XenbusStateConnected)
		assert.Equal(t, "5", s.back("size"))
		assert.Equal(t, 1, s.Host.Mapped())
		s.front(hypercall.XenbusStateConnected)
		s.front(hypercall.XenbusStateClosing)
		s.await(hypercall.XenbusStateClosing)
		assert.Equal(t, 1, s.Host.Mapped(), "the front end has not let go")
		s.front(hypercall.XenbusStateClosed)
		s.await(hypercall.XenbusStateClosed)
		assert.Zero(t, s.Host.Mapped())
		s.front(hypercall.XenbusStateInitialising)
		s.await(hypercall.XenbusStateInitWait)
		assert.Equal(t, n, s.driver.count())
	}
}

// TestBeginsAgain: a front end may begin anew with no word of parting, as another kernel in the same domain does.
func TestBeginsAgain(t *testing.T) {
	s := set(t)
	s.propose(hypercall.XenbusStateConnected) // it may skip a state
	s.await(hypercall.XenbusStateConnected)
	s.front(hypercall.XenbusStateInitialising)
	s.await(hypercall.XenbusStateInitWait)
	assert.Zero(t, s.Host.Mapped())
	s.propose(hypercall.XenbusStateInitialised)
	s.await(hypercall.XenbusStateConnected)
	assert.Equal(t, 2, s.driver.count())
}

func TestDomainDies(t *testing.T) {
	s := set(t)
	s.propose(hypercall.XenbusStateInitialised)
	s.await(hypercall.XenbusStateConnected)
	require.NoError(t, s.Tree.Remove(s.device.Front()))
	s.await(hypercall.XenbusStateClosed)
	require.Eventually(t, func() bool { return len(s.daemon.Devices()) == 0 }, time.Minute, time.Millisecond)
	assert.Zero(t, s.Host.Mapped())
}

// TestRestart: the next daemon takes over what the last one drained, and the states tell nothing of it.
func TestRestart(t *testing.T) {
	s := set(t)
	s.propose(hypercall.XenbusStateInitialised)
	s.await(hypercall.XenbusStateConnected)
	s.front(hypercall.XenbusStateConnected)
	for n := 1; n <= 3; n++ {
		require.NoError(t, s.daemon.Stop(t.Context()))
		assert.ErrorIs(t, s.daemon.Attach(s.device, s.driver), backend.ErrStopped)
		assert.Zero(t, s.Host.Mapped())
		assert.Equal(t, "4", s.back("state"))
		found, err := backend.Find(s.Tree, model.Back, "vbd")
		require.NoError(t, err)
		assert.Equal(t, []backend.Device{s.device}, found)
		s.start()
		require.Eventually(t, func() bool { return s.driver.count() == n+1 }, time.Minute, time.Millisecond)
	}
	none, err := backend.Find(s.Tree, model.Back, "vif")
	assert.NoError(t, err)
	assert.Empty(t, none)
}

// TestRestartTooLate: a front end that went meanwhile is not taken over.
func TestRestartTooLate(t *testing.T) {
	s := set(t)
	s.propose(hypercall.XenbusStateInitialised)
	s.await(hypercall.XenbusStateConnected)
	require.NoError(t, s.daemon.Stop(t.Context()))
	s.front(hypercall.XenbusStateClosed)
	s.start()
	s.await(hypercall.XenbusStateClosed)
	assert.Equal(t, 1, s.driver.count())
}

func TestSessionEnds(t *testing.T) {
	s := set(t)
	s.propose(hypercall.XenbusStateInitialised)
	s.await(hypercall.XenbusStateConnected)
	close(s.driver.last().ended)
	s.await(hypercall.XenbusStateClosing)
	assert.Equal(t, "the front end does what it must not: index 77", s.back("error"))
	assert.Zero(t, s.Host.Mapped())
	s.propose(hypercall.XenbusStateConnected) // as if nothing had happened
	s.front(hypercall.XenbusStateClosed)
	s.await(hypercall.XenbusStateClosed)
	assert.Equal(t, 1, s.driver.count(), "it has to begin from the beginning")
	s.propose(hypercall.XenbusStateInitialised)
	s.await(hypercall.XenbusStateConnected)
}

func TestBadProposals(t *testing.T) {
	for name, nodes := range map[string]map[string]string{
		"no such page": {"page": "99"}, "no number": {"page": "x"}, "negative": {"page": "-1"}, "too large": {"page": "4294967296"},
		"no such port": {"port": "77"}, "port is no number": {"port": ""}, "strange state": {"state": "9"}, "no state": {"state": "connected"},
	} {
		t.Run(name, func(t *testing.T) {
			s := set(t)
			s.await(hypercall.XenbusStateInitWait)
			s.Say(s.device, map[string]string{"page": fmt.Sprint(s.page.Refs[0]), "port": fmt.Sprint(s.channel.Port())})
			if nodes["state"] == "" {
				nodes["state"] = "3"
			}
			s.Say(s.device, nodes)
			s.await(hypercall.XenbusStateClosing)
			assert.Zero(t, s.Host.Mapped())
			assert.NotEmpty(t, s.back("error"))
			s.front(hypercall.XenbusStateInitialising)
			s.await(hypercall.XenbusStateInitWait)
			s.propose(hypercall.XenbusStateInitialised)
			s.await(hypercall.XenbusStateConnected)
		})
	}
}

// TestComesTooOften: a front end that comes and goes costs no more than so much per second.
func TestComesTooOften(t *testing.T) {
	s := set(t)
	cycle := func() {
		s.propose(hypercall.XenbusStateInitialised)
		s.await(hypercall.XenbusStateConnected)
		s.front(hypercall.XenbusStateInitialising)
	}
	for range 4 {
		cycle()
		s.await(hypercall.XenbusStateInitWait)
	}
	s.propose(hypercall.XenbusStateInitialised)
	require.Eventually(t, func() bool { return s.clock.Waiting() == 1 }, time.Minute, time.Millisecond)
	assert.Equal(t, "2", s.back("state"))
	assert.Equal(t, 4, s.driver.count())
	s.clock.Pass(time.Second)
	s.await(hypercall.XenbusStateConnected)
}

func TestDetach(t *testing.T) {
	t.Run("connected", func(t *testing.T) {
		s := set(t)
		s.propose(hypercall.XenbusStateInitialised)
		s.await(hypercall.XenbusStateConnected)
		detached := make(chan error, 1)
		go func() { detached <- s.daemon.Detach(t.Context(), s.device) }()
		s.await(hypercall.XenbusStateClosing)
		assert.Equal(t, 1, s.Host.Mapped(), "the front end has not let go")
		s.front(hypercall.XenbusStateClosed)
		require.NoError(t, <-detached)
		s.await(hypercall.XenbusStateClosed)
		assert.ErrorIs(t, s.daemon.Detach(t.Context(), s.device), backend.ErrNotServed)
	})
	t.Run("a front end that does nothing", func(t *testing.T) {
		s := set(t)
		s.propose(hypercall.XenbusStateInitialised)
		s.await(hypercall.XenbusStateConnected)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		assert.ErrorIs(t, s.daemon.Detach(ctx, s.device), context.Canceled)
		require.Eventually(t, func() bool { return s.clock.Waiting() == 1 }, time.Minute, time.Millisecond)
		s.clock.Pass(time.Minute)
		s.await(hypercall.XenbusStateClosed)
		assert.Zero(t, s.Host.Mapped())
	})
	t.Run("never connected", func(t *testing.T) {
		s := set(t)
		s.await(hypercall.XenbusStateInitWait)
		assert.ErrorIs(t, s.daemon.Attach(s.device, s.driver), backend.ErrServed)
		require.NoError(t, s.daemon.Detach(t.Context(), s.device))
		s.await(hypercall.XenbusStateClosed)
	})
}

// TestPanics: a back end that panics ends with its device.
func TestPanics(t *testing.T) {
	s := set(t)
	s.driver.panics = true
	s.propose(hypercall.XenbusStateInitialised)
	s.await(hypercall.XenbusStateClosing)
	assert.Equal(t, "the back end has failed", s.back("error"))
	require.Eventually(t, func() bool { return len(s.daemon.Devices()) == 0 }, time.Minute, time.Millisecond)
	assert.Zero(t, s.Host.Mapped())
}

func TestStoreLost(t *testing.T) {
	s := set(t)
	s.propose(hypercall.XenbusStateInitialised)
	s.await(hypercall.XenbusStateConnected)
	s.Tree.Leave()
	require.Eventually(t, func() bool { return len(s.daemon.Devices()) == 0 }, time.Minute, time.Millisecond)
	assert.Zero(t, s.Host.Mapped())
}
