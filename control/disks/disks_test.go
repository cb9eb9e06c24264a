package disks_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/backend"
	"tuco/control/backend/backendtest"
	"tuco/control/config"
	"tuco/control/disks"
	"tuco/control/domains"
	"tuco/control/plug"
	"tuco/control/volume"
	"tuco/guestlib/blk"
	"tuco/guestlib/frontend/model"
)

type scene struct {
	disks.Service
	machine *backendtest.Machine
	nodes   *backendtest.Directories
}

func newScene(t *testing.T) *scene {
	volumes, _, err := disks.Open(disks.NewRAM(64 << 20))
	require.NoError(t, err)
	require.NoError(t, volumes.Create("a", 1<<20))
	require.NoError(t, volumes.Create("b", 1<<20))
	m := backendtest.New()
	s := &scene{machine: m, nodes: &backendtest.Directories{Machine: m}}
	clock := &backendtest.Clock{}
	s.Service = disks.Service{
		Volumes: volumes, Socket: plug.Socket{Daemon: backend.NewDaemon(m.Config(clock)), Directories: s.nodes}, Clock: clock, Log: slog.New(slog.DiscardHandler),
	}
	return s
}

// guest is a guest with disks.
func guest(serial uint64, all ...config.Disk) *domains.Instance {
	return &domains.Instance{Config: &config.Guest{Name: "g", Disks: all}, ID: domains.ID{Dom: model.Guest, Serial: serial}}
}

var (
	diskA = config.Disk{Volume: "a", VDev: "xvda"}
	diskB = config.Disk{Volume: "b", VDev: "xvdb"}
)

// The disks of a guest share its rate, also after the daemon is another.
func TestRate(t *testing.T) {
	s := newScene(t)
	const rate = 64 << 10
	s.Rate = rate
	clock := s.Clock.(*backendtest.Clock)
	require.NoError(t, s.Attach(guest(1, diskA, diskB)))
	a, err := blk.Open(t.Context(), s.machine.Host, "51712")
	require.NoError(t, err)
	b, err := blk.Open(t.Context(), s.machine.Host, "51728")
	require.NoError(t, err)
	_, err = a.WriteAt(make([]byte, rate), 0)
	require.NoError(t, err, "a second's worth at once")
	require.NoError(t, s.Restart(t.Context()))
	done := make(chan error, 1)
	go func() {
		_, err := b.WriteAt(make([]byte, rate), 0)
		done <- err
	}()
	require.Eventually(t, func() bool { return clock.Waiting() > 0 }, time.Minute, time.Millisecond)
	for waiting := true; waiting; {
		select {
		case err := <-done:
			require.NoError(t, err)
			waiting = false
		default:
			clock.Pass(time.Second / 8)
		}
	}
}

// What a guest writes is there for the next one that has the volume.
func TestGuestsDisk(t *testing.T) {
	s := newScene(t)
	g := guest(1, diskA, diskB)
	require.NoError(t, s.Attach(g))
	assert.Error(t, s.Attach(g), "twice")
	d, err := blk.Open(t.Context(), s.machine.Host, "51712")
	require.NoError(t, err)
	assert.EqualValues(t, 1<<20, d.Size())
	want := make([]byte, 8192)
	for i := range want {
		want[i] = byte(i * 7)
	}
	_, err = d.WriteAt(want, 4096)
	require.NoError(t, err)
	list := s.Disks(g.ID)
	require.Len(t, list, 2)
	assert.Equal(t, "a", list[0].Volume)
	require.NoError(t, d.Close())
	require.NoError(t, s.Detach(g))
	require.NoError(t, s.Detach(g), "it is no error")
	assert.Empty(t, s.Disks(g.ID))

	v, err := s.Volumes.OpenVolume("a", false)
	require.NoError(t, err, "nobody has it any more")
	got := make([]byte, len(want))
	_, err = v.ReadAt(got, 4096)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestRefused(t *testing.T) {
	for name, test := range map[string]struct {
		disk config.Disk
		why  string
	}{
		"no volume":  {config.Disk{Volume: "none", VDev: "xvdb"}, "none"},
		"no vdev":    {config.Disk{Volume: "b", VDev: "sda"}, "can't be a vdev"},
		"same again": {config.Disk{Volume: "a", VDev: "xvdb"}, "disk xvdb"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			assert.ErrorContains(t, s.Attach(guest(1, diskA, test.disk)), test.why)
			requireNothing(t, s)
		})
	}
	s := newScene(t)
	require.NoError(t, s.Attach(guest(1, diskA)))
	other := guest(2, diskB, diskA)
	other.ID.Dom++
	assert.ErrorIs(t, s.Attach(other), volume.ErrBusy)
	v, err := s.Volumes.OpenVolume("b", false)
	require.NoError(t, err, "what was made of the other's disks is gone")
	require.NoError(t, v.Close())
}

// requireNothing sees that nothing half-made has stayed.
func requireNothing(t *testing.T, s *scene) {
	t.Helper()
	assert.Empty(t, s.Daemon.Devices())
	for _, name := range []string{"a", "b"} {
		v, err := s.Volumes.OpenVolume(name, false)
		require.NoError(t, err)
		require.NoError(t, v.Close())
	}
	for _, at := range []string{"device/vbd", "/local/domain/0/backend/vbd"} {
		list, err := s.machine.Tree.List(at)
		if err == nil {
			assert.Empty(t, list, at)
		}
	}
}

// Whichever call fails: a guest is made whole or not at all, and what could not be removed is removed by the next try.
func TestFailures(t *testing.T) {
	for fail := 1; fail <= 8; fail++ {
		s := newScene(t)
		g := guest(1, diskA, diskB)
		s.nodes.Fail = fail
		err := s.Attach(g)
		if err == nil {
			err = s.Detach(g)
		}
		if fail > 6 { // two are plugged, and each is removed in two steps
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, backendtest.ErrStore, "call %d", fail)
		}
		require.NoError(t, s.Detach(g))
		requireNothing(t, s)
	}
}

func TestOpen(t *testing.T) {
	dev := disks.NewRAM(64 << 20)
	s, report, err := disks.Open(dev)
	require.NoError(t, err)
	require.Len(t, report, 1)
	assert.Contains(t, report[0], "64 MiB was empty")
	require.NoError(t, s.Create("kept", 1<<20))
	require.NoError(t, s.Close())
	s, report, err = disks.Open(dev)
	require.NoError(t, err)
	assert.Empty(t, report)
	list, err := s.List()
	require.NoError(t, err)
	require.Len(t, list, 1)

	foreign := disks.NewRAM(64 << 20)
	_, err = foreign.WriteAt([]byte{0x55, 0xaa}, 510)
	require.NoError(t, err)
	_, _, err = disks.Open(foreign)
	assert.ErrorIs(t, err, disks.ErrForeign)
	tiny := disks.NewRAM(4096)
	_, _, err = disks.Open(tiny)
	assert.Error(t, err)
}

func TestRAM(t *testing.T) {
	r := disks.NewRAM(200_000)
	p := make([]byte, 100_000)
	for i := range p {
		p[i] = byte(i)
	}
	_, err := r.WriteAt(p, 60_000)
	require.NoError(t, err)
	got := make([]byte, 150_000)
	n, err := r.ReadAt(got, 50_000)
	require.NoError(t, err)
	assert.Equal(t, len(got), n)
	assert.Equal(t, append(append(make([]byte, 10_000), p...), make([]byte, 40_000)...), got)
	n, err = r.ReadAt(got, 100_000)
	assert.Equal(t, 100_000, n)
	assert.Equal(t, io.EOF, err)
	_, err = r.WriteAt(p, 100_001)
	assert.Error(t, err)
	assert.NoError(t, r.Flush())
	assert.EqualValues(t, 200_000, r.Size())
}

// A restart of the daemon is a pause for those who read and write: what they have written is there, and what they ask for is done.
func TestRestart(t *testing.T) {
	s := newScene(t)
	g := guest(1, diskA, diskB)
	require.NoError(t, s.Attach(g))
	d, err := blk.Open(t.Context(), s.machine.Host, "51712")
	require.NoError(t, err)
	restarted := make(chan error, 1)
	go func() {
		for range 5 {
			if err := s.Restart(t.Context()); err != nil {
				restarted <- err
				return
			}
		}
		close(restarted)
	}()
	page := make([]byte, 4096)
	for n, over := 0, false; !over; n++ {
		select {
		case err := <-restarted:
			require.NoError(t, err)
			over = true // once more behind the last restart
		default:
		}
		at := int64(n%200) * 4096
		page[0], page[4095] = byte(n), byte(n>>8)
		_, err := d.WriteAt(page, at)
		require.NoError(t, err)
		got := make([]byte, 4096)
		_, err = d.ReadAt(got, at)
		require.NoError(t, err)
		require.Equal(t, page, got)
	}
	require.NoError(t, d.Close())
	require.NoError(t, s.Detach(g))
	requireNothing(t, s)
}

// A restart that is not done in time fails, and so does none of what follows for good.
func TestRestartThatFails(t *testing.T) {
	s := newScene(t)
	g := guest(1, diskA)
	require.NoError(t, s.Attach(g))
	late, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Restart(late); err != nil { // the daemon may have been quick
		assert.ErrorIs(t, err, context.Canceled)
	}
	require.NoError(t, s.Restart(t.Context()))
	assert.Len(t, s.Daemon.Devices(), 1)
	require.NoError(t, s.Detach(g))
	requireNothing(t, s)
}
