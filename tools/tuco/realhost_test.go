package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/api"
	"tuco/control/api/wire"
	"tuco/control/config"
	"tuco/control/console"
	"tuco/control/disks"
	"tuco/control/domains"
	"tuco/control/images"
	"tuco/control/limit"
	"tuco/control/network"
	"tuco/hypercall"
	"tuco/tools/mkkernel"
	"tuco/tools/tuco/client/fakehost"
	"tuco/tools/tuco/host"
	"tuco/tools/tuco/slim"
)

// realHost is the API's own server, on volumes in memory and guests that are but names.
type realHost struct {
	images *images.Store

	mu     sync.Mutex
	guests map[string]*realGuest
	ended  chan string
}

type realGuest struct {
	domains.Info
	kernel  []byte
	console *console.Console
}

// serve starts one, which is on record as the host last started here.
func serve(t *testing.T) *realHost {
	t.Helper()
	volumes, _, err := disks.Open(disks.NewRAM(32 << 20))
	require.NoError(t, err)
	h := &realHost{ended: make(chan string, 1), guests: map[string]*realGuest{}, images: &images.Store{Volumes: volumes, Room: func() int64 { return 8 << 20 }}}
	server := api.New(api.Options{
		Token: sha256.Sum256([]byte(fakehost.Token)), Guests: h, Machine: h, Consoles: h, Daemons: realDaemons{h}, Volumes: volumes, Images: h.images,
		Disks: func(domains.ID) []disks.Disk { return nil }, Interfaces: func(domains.ID) []network.Interface { return nil },
		PowerOff: func() { h.ended <- "ended" }, Version: "1.2.3", Log: slog.New(slog.DiscardHandler),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		h.mu.Lock()
		for _, g := range h.guests {
			g.console.Close()
		}
		h.mu.Unlock()
		require.NoError(t, server.Close())
		require.NoError(t, <-served)
	})
	record(t, l.Addr().String())
	return h
}

func (h *realHost) List() (list []domains.Info) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(h.guests)) {
		list = append(list, h.guests[name].Info)
	}
	return list
}

func (h *realHost) Create(c *config.Guest) error {
	image, err := h.images.Open(c.Kernel)
	if err != nil {
		return err
	}
	defer image.Close()
	kernel, err := io.ReadAll(image)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.guests) + 1
	h.guests[c.Name] = &realGuest{
		domains.Info{Config: c, State: domains.Running, ID: domains.ID{Dom: hypercall.DomID(n), Serial: uint64(n)}}, kernel,
		console.New(console.Config{Name: c.Name, History: 4096, Input: 512, Clock: limit.System{}, Journal: slog.New(slog.DiscardHandler)}),
	}
	return nil
}

func (h *realHost) of(name string, do func(g *realGuest) error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if g := h.guests[name]; g != nil {
		return do(g)
	}
	return fmt.Errorf("%w: there is no guest %q", domains.ErrNotFound, name)
}

func (h *realHost) turn(name string, from, to domains.State) error {
	return h.of(name, func(g *realGuest) error {
		if g.State != from {
			return fmt.Errorf("%w: guest %q is %s", domains.ErrState, name, g.State)
		}
		g.State = to
		return nil
	})
}

func (h *realHost) SetSchedule(name string, _, _ *int) error {
	return h.of(name, func(*realGuest) error { return nil })
}
func (h *realHost) Pause(name string) error   { return h.turn(name, domains.Running, domains.Paused) }
func (h *realHost) Unpause(name string) error { return h.turn(name, domains.Paused, domains.Running) }
func (h *realHost) Shutdown(name, how string) error {
	return h.of(name, func(*realGuest) error { return nil })
}
func (h *realHost) Destroy(name string) error {
	return h.of(name, func(g *realGuest) error {
		delete(h.guests, name)
		g.console.Close()
		return nil
	})
}
func (h *realHost) Reports(name string) []domains.Report {
	return []domains.Report{{Guest: name, Reason: "crash", Lived: time.Second, Time: time.Unix(0, 0)}}
}
func (h *realHost) Machine() (hypercall.ControlMachine, error) {
	return hypercall.ControlMachine{CPUs: 2, Domains: 1, Total: 1 << 18, Free: 1 << 17, Uptime: 5e9}, nil
}
func (h *realHost) Domains() ([]hypercall.ControlDomain, error) { return nil, nil }
func (h *realHost) VCPU(domains.ID, int) (hypercall.ControlVCPU, error) {
	return hypercall.ControlVCPU{}, nil
}
func (h *realHost) Console(name string) (c *console.Console, err error) {
	err = h.of(name, func(g *realGuest) error { c = g.console; return nil })
	return c, err
}

type realDaemons struct{ h *realHost }

func (d realDaemons) List() []wire.Daemon { return []wire.Daemon{{Name: "block", State: "running"}} }
func (d realDaemons) Restart(name string) error {
	if name != "block" {
		return fmt.Errorf("%w: %q", api.ErrNoDaemon, name)
	}
	return nil
}

// All that the commands ask for is what the control domain's server answers.
func TestWithTheRealServer(t *testing.T) {
	h := serve(t)
	dir := t.TempDir()
	kernel := mkkernel.Plain().Bytes()
	for name, content := range map[string][]byte{"kernel": kernel, "web.cfg": []byte("name = 'web'\nkernel = 'kernel'\nramdisk = 'ramdisk'\nmemory = 64\n"),
		"ramdisk": bytes.Repeat([]byte("ramdisk "), 300_000), "disk.img": bytes.Repeat([]byte("disk"), 1<<18)} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o644))
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	refused := func(want string, args ...string) {
		t.Helper()
		status, _, stderr := tool(t, args...)
		assert.Equal(t, exitFailure, status, "%v", args)
		assert.Contains(t, stderr, want, "%v", args)
	}
	assert.Equal(t, 2, parsed[wire.Host](t, "info").CPUs)
	assert.Equal(t, "web: running, domain 1\n", ok(t, "create", file("web.cfg")))
	assert.Equal(t, slim.Kernel(kernel), h.guests["web"].kernel)
	refused(`there is a guest "web" already, running; destroy it`, "create", file("web.cfg"))
	assert.Equal(t, "web", parsed[[]wire.Domain](t, "ps")[0].Name)
	ok(t, "pause", "web")
	assert.Equal(t, "paused", parsed[wire.Domain](t, "info", "web").State)
	refused("is paused", "pause", "web")
	ok(t, "unpause", "web")
	ok(t, "shutdown", "web")
	ok(t, "reboot", "web")
	refused("did you mean web?", "pause", "wbe")
	assert.Contains(t, ok(t, "top", "-n", "1", "--interval", "1ms"), "web   running  0.0")
	assert.Contains(t, ok(t, "reports", "web"), "web: crash of domain 0, after 1s\n")

	assert.Equal(t, "data: 1 MiB\n", ok(t, "volume", "create", "data", "1M"))
	refused("data", "volume", "create", "data", "1M")
	assert.Equal(t, "disk: 1 MiB\n", ok(t, "volume", "import", file("disk.img"), "disk"))
	assert.Equal(t, "disk@now: 1 MiB\n", ok(t, "volume", "snapshot", "disk@now"))
	assert.Equal(t, "copy: 1 MiB\n", ok(t, "volume", "clone", "disk@now", "copy"))
	ok(t, "volume", "export", "copy", file("copy.img"))
	ok(t, "volume", "export", "copy", file("copy.qcow2"))
	ok(t, "volume", "import", file("copy.qcow2"), "again")
	assert.Equal(t, ok(t, "volume", "export", "copy", "-"), ok(t, "volume", "export", "again", "-"))
	back, err := os.ReadFile(file("copy.img"))
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("disk", 1<<18), string(back))
	refused("did you mean copy?", "volume", "delete", "cpy")
	ok(t, "volume", "delete", "disk@now", "copy", "again", "disk", "data")
	assert.Empty(t, parsed[wire.Volumes](t, "volume", "list").Volumes)

	assert.Equal(t, "block: restarted\n", ok(t, "daemon", "restart", "block"))
	refused("did you mean block?", "daemon", "restart", "blok")

	master, slave, err := host.OpenPTY()
	require.NoError(t, err)
	defer master.Close()
	defer slave.Close()
	_, errs, wait := attached(slave, "console", "web")
	errs.await("this is the console of web")
	ok(t, "destroy", "web")
	assert.Zero(t, wait())
	errs.await("the console of web has ended")
	refused("the host refuses the token", "ps", "--token", "x")
	ok(t, "down")
	assert.Equal(t, "ended", <-h.ended)
}
