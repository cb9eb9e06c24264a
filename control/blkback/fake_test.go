package blkback_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/backend"
	"tuco/control/backend/backendtest"
	"tuco/control/blkback"
	"tuco/guestlib/blk"
	"tuco/guestlib/frontend/model"
)

const mib = 1 << 20

var device = backend.Device{Class: "vbd", Domain: model.Guest, ID: 51712}

// ram is a disk in memory, which knows what would be lost if the power failed.
type ram struct {
	mu      sync.Mutex
	now     []byte
	durable []byte
	flushes int
	fail    error
	wait    chan struct{} // each transfer receives from it, if there is one
	begun   int           // transfers that have come so far
	active  int           // that have not returned
	moving  int           // bytes of those, and the most of them ever
	most    int
	beyond  bool // one was for what the disk doesn't have
}

func newRAM(size int) *ram { return &ram{now: make([]byte, size), durable: make([]byte, size)} }

func (r *ram) Size() int64 { return int64(len(r.now)) }

// do does something with the disk, after what the test has it wait for.
func (r *ram) do(off int64, n int, f func()) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun++
	r.active++
	r.moving += n
	r.most = max(r.most, r.moving)
	if wait := r.wait; wait != nil {
		r.mu.Unlock()
		<-wait
		r.mu.Lock()
	}
	r.active--
	r.moving -= n
	if off < 0 || n < 0 || off+int64(n) > int64(len(r.now)) {
		r.beyond = true
		return 0, errBroken
	}
	if r.fail != nil {
		return 0, r.fail
	}
	f()
	return n, nil
}

func (r *ram) ReadAt(p []byte, off int64) (int, error) {
	return r.do(off, len(p), func() { copy(p, r.now[off:]) })
}

func (r *ram) WriteAt(p []byte, off int64) (int, error) {
	return r.do(off, len(p), func() { copy(r.now[off:], p) })
}

func (r *ram) Discard(off, n int64) error {
	_, err := r.do(off, int(n), func() { clear(r.now[off:][:n]) })
	return err
}

func (r *ram) Flush() error {
	_, err := r.do(0, 0, func() { r.flushes++; copy(r.durable, r.now) })
	return err
}

func (r *ram) set(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// counts is how many transfers have begun, and how many are under way.
func (r *ram) counts() (begun, active int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.begun, r.active
}

// host is a machine with a block device.
type host struct {
	*backendtest.Machine
	t      testing.TB
	clock  *backendtest.Clock
	disk   *ram
	driver *blkback.Driver
	daemon *backend.Daemon
}

// plug plugs a device in. Nothing may be left at the test's end.
func plug(t testing.TB, c blkback.Config) *host {
	h := &host{Machine: backendtest.New(), t: t, clock: &backendtest.Clock{Lively: true}}
	if c.Disk == nil {
		c.Disk = newRAM(4 * mib)
	}
	h.disk, _ = c.Disk.(*ram)
	c.SectorSize = max(c.SectorSize, 512)
	c.Log = slog.New(slog.DiscardHandler)
	if c.Clock == nil {
		c.Clock = h.clock
	}
	h.driver = blkback.New(c)
	h.Plug(device, nil, nil)
	h.serve()
	t.Cleanup(func() {
		h.stop()
		if h.disk != nil {
			assert.False(t, h.disk.beyond, "the disk was asked for what it doesn't have")
		}
		assert.Zero(t, h.Host.Mapped(), "pages are still mapped")
		assert.Zero(t, h.Tree.Watches(), "watches are still there")
	})
	return h
}

func (h *host) serve() {
	h.daemon = backend.NewDaemon(h.Config(h.clock))
	require.NoError(h.t, h.daemon.Attach(device, h.driver))
}

func (h *host) stop() { require.NoError(h.t, h.daemon.Stop(context.Background())) }

// open connects guestlib's front end.
func (h *host) open() *blk.Disk {
	d, err := blk.Open(h.t.Context(), h.Host, "51712")
	require.NoError(h.t, err)
	h.t.Cleanup(func() { _ = d.Close() })
	return d
}

var errBroken = errors.New("broken, as the test demands")

func pattern(size int, seed byte) []byte {
	b := make([]byte, size)
	_, _ = io.ReadFull(rand.NewChaCha8([32]byte{seed}), b)
	return b
}
