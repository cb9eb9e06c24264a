package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/control/api/wire"
	"tuco/control/blkback"
	"tuco/control/config"
	"tuco/control/console"
	"tuco/control/disks"
	"tuco/control/domains"
	"tuco/control/images"
	"tuco/control/limit"
	"tuco/control/netback"
	"tuco/control/network"
	"tuco/control/packet"
	"tuco/control/trace"
	"tuco/control/trace/tracetest"
	"tuco/control/vswitch"
	"tuco/hypercall"
)

const token = "a token that nobody guesses"

// world is a host: guests that are but names, consoles and volumes that are real.
type world struct {
	t      testing.TB
	server *Server
	http   *httptest.Server

	mu       sync.Mutex
	guests   map[string]*domains.Info
	asked    []string
	failing  error // of the next calls about guests
	consoles map[string]*console.Console
	images   map[string][]byte // what guests were made of
	port     *vswitch.Port
	log      bytes.Buffer
	recorder *tracetest.Machine
}

func newWorld(t testing.TB, change ...func(*Options)) *world {
	volumes, _, err := disks.Open(disks.NewRAM(16 << 20))
	require.NoError(t, err)
	w := &world{t: t, guests: map[string]*domains.Info{}, consoles: map[string]*console.Console{}, images: map[string][]byte{}, recorder: tracetest.New(2, 100)}
	w.port, err = vswitch.New(vswitch.Limits{}, time.Now).Add(vswitch.Options{
		Name: "web", MAC: packet.MAC{0, 0x16, 0x3e, 0, 0, 1}, Addresses: []netip.Addr{netip.MustParseAddr("10.77.0.2")},
	}, netback.New())
	require.NoError(t, err)
	o := Options{
		Token: sha256.Sum256([]byte(token)), Guests: w, Machine: w, Consoles: w, Daemons: daemonList{w}, Trace: trace.New(w.recorder), Volumes: volumes,
		Images: &images.Store{Volumes: volumes, Room: func() int64 { return 4 << 20 }},
		Disks:  w.disks, Interfaces: w.interfaces, PowerOff: func() { w.note("power off") },
		Version: "1.2.3", Address: "10.0.2.15", Log: slog.New(slog.NewTextHandler(&locked{w: w}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&o)
	}
	w.server = New(o)
	w.http = httptest.NewUnstartedServer(w.server.http.Handler)
	w.http.Config = &w.server.http
	w.http.Start()
	t.Cleanup(w.http.Close)
	return w
}

// locked is the log, which several write.
type locked struct{ w *world }

func (l *locked) Write(p []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.log.Write(p)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// note notes what was asked for, and fails if the test wants that.
func (w *world) note(words ...string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, strings.Join(words, " "))
	return w.failing
}

func (w *world) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failing, w.asked = err, nil
}

func (w *world) List() (list []domains.Info) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, g := range w.guests {
		list = append(list, *g)
	}
	return list
}

func (w *world) Create(g *config.Guest) error {
	if err := w.note("create", g.Name); err != nil {
		return err
	}
	for _, name := range []string{g.Kernel, g.Ramdisk} {
		if name == "" {
			continue
		}
		image, err := w.server.Images.Open(name)
		if err != nil {
			return err
		}
		content, err := io.ReadAll(image)
		if err = errors.Join(err, image.Close()); err != nil {
			return err
		}
		w.mu.Lock()
		w.images[g.Name+" "+name] = content
		w.mu.Unlock()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.guests) + 1
	w.guests[g.Name] = &domains.Info{Config: g, State: domains.Running, ID: domains.ID{Dom: hypercall.DomID(n), Serial: uint64(n)}}
	w.consoles[g.Name] = console.New(console.Config{Name: g.Name, History: 4096, Input: 512, Clock: limit.System{}, Journal: slog.New(slog.DiscardHandler)})
	return nil
}

// begin makes a guest without a form.
func (w *world) begin(name string) {
	require.NoError(w.t, w.Create(&config.Guest{
		Name: name, Type: "pv", Memory: 64, VCPUs: 2, Disks: []config.Disk{{Volume: "data", VDev: "xvda"}}, VIFs: []config.VIF{{MAC: config.MAC{0, 0x16, 0x3e, 0, 0, 1}}},
	}))
	w.fail(nil)
}

func (w *world) Reports(name string) []domains.Report {
	if name != "web" {
		return nil
	}
	return []domains.Report{{Guest: "web", ID: domains.ID{Dom: 3}, Time: time.Unix(1e9, 0), Lived: 1500 * time.Millisecond, Reason: "crash", Texts: map[string]string{"console": "the end"}}}
}

func (w *world) SetSchedule(name string, weight, limit *int) error {
	words := []string{"schedule", name}
	for what, n := range map[string]*int{"weight": weight, "cap": limit} {
		if n != nil {
			words = append(words, fmt.Sprint(what, " ", *n))
		}
	}
	return w.note(words...)
}

func (w *world) Pause(name string) error         { return w.note("pause", name) }
func (w *world) Unpause(name string) error       { return w.note("unpause", name) }
func (w *world) Shutdown(name, how string) error { return w.note("shutdown", name, how) }
func (w *world) Destroy(name string) error       { return w.note("destroy", name) }

func (w *world) Machine() (hypercall.ControlMachine, error) {
	return hypercall.ControlMachine{CPUs: 2, Domains: 2, Total: 1 << 18, Free: 1 << 17, Kept: 7, Uptime: 5e9}, w.fails()
}

func (w *world) fails() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failing
}

func (w *world) Domains() (list []hypercall.ControlDomain, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, g := range w.guests {
		d := hypercall.ControlDomain{DomID: g.ID.Dom, Serial: g.ID.Serial, CPUTime: 2.5e9, Pages: 1 << 14, MaxPages: 1 << 14, VCPUs: 2, Online: 1, Ports: 9, Mapped: 3}
		copy(d.Name[:], g.Config.Name)
		list = append(list, d)
	}
	return list, w.failing
}

func (w *world) VCPU(domains.ID, int) (hypercall.ControlVCPU, error) {
	return hypercall.ControlVCPU{Exits: 100}, w.fails()
}

func (w *world) Console(name string) (*console.Console, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.consoles[name]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("%w: there is no console of a guest %q", domains.ErrNotFound, name)
}

func (w *world) disks(domains.ID) []disks.Disk {
	return []disks.Disk{{Volume: "data", Stats: blkback.Stats{Reads: 1, Writes: 2, Flushes: 3, BytesRead: 4096, BytesWritten: 8192, Refused: 1, Failed: 1}}}
}

func (w *world) interfaces(domains.ID) []network.Interface {
	n := &netback.Stats{}
	n.Dropped.Store(4)
	return []network.Interface{{Name: "web", Port: w.port, Stats: n}}
}

// daemonList is two daemons.
type daemonList struct{ w *world }

func (d daemonList) List() []wire.Daemon {
	return []wire.Daemon{{Name: "block", State: "running", Started: time.Unix(1e9, 0), Restarts: 2, Clients: 1}}
}

func (d daemonList) Restart(name string) error {
	if name != "block" {
		return fmt.Errorf("%w: %q; there is block", ErrNoDaemon, name)
	}
	return d.w.note("restart", name)
}

// ask makes a request with the token, and gives the answer and its body.
func (w *world) ask(method, path, kind string, body io.Reader) (*http.Response, []byte) {
	w.t.Helper()
	r, err := http.NewRequest(method, w.http.URL+path, body)
	require.NoError(w.t, err)
	r.Header.Set("Authorization", wire.Bearer+token)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return w.do(r)
}

func (w *world) do(r *http.Request) (*http.Response, []byte) {
	w.t.Helper()
	a, err := w.http.Client().Do(r)
	require.NoError(w.t, err)
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	require.NoError(w.t, err)
	return a, text
}

// json makes a request with a body in JSON, and reads the answer's.
func (w *world) json(method, path string, body, answer any) int {
	w.t.Helper()
	var from io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		require.NoError(w.t, err)
		from = bytes.NewReader(text)
	}
	a, text := w.ask(method, path, "application/json", from)
	if answer != nil {
		require.NoError(w.t, json.Unmarshal(text, answer), "%s", text)
	}
	return a.StatusCode
}

// refused makes a request that must fail, and gives what the answer says.
func (w *world) refused(status int, method, path, kind string, body io.Reader) string {
	w.t.Helper()
	a, text := w.ask(method, path, kind, body)
	return w.isError(status, a, text)
}

func (w *world) isError(status int, a *http.Response, text []byte) string {
	w.t.Helper()
	require.Equal(w.t, status, a.StatusCode, "%s", text)
	require.Equal(w.t, "application/json", a.Header.Get("Content-Type"))
	var e wire.Error
	require.NoError(w.t, json.Unmarshal(text, &e))
	require.NotEmpty(w.t, e.Error)
	return e.Error
}

// names are the volumes that there are, also those that are nobody's.
func (w *world) names() (list []string) {
	all, err := w.server.Volumes.List()
	require.NoError(w.t, err)
	for _, v := range all {
		list = append(list, v.Name)
	}
	return list
}

// sweep takes away what no guest names, as the control domain does all the time.
func (w *world) sweep() {
	require.NoError(w.t, w.server.Images.Sweep(func() map[string]bool {
		used := map[string]bool{}
		for _, g := range w.List() {
			used[g.Config.Kernel], used[g.Config.Ramdisk] = true, true
		}
		return used
	}))
}

// part is a part of a form.
type formPart struct{ name, content string }

// formOf is a form, and its Content-Type.
func formOf(t testing.TB, parts ...formPart) (kind string, body *bytes.Buffer) {
	body = &bytes.Buffer{}
	m := multipart.NewWriter(body)
	for _, p := range parts {
		f, err := m.CreateFormFile(p.name, p.name+".file")
		require.NoError(t, err)
		_, err = io.WriteString(f, p.content)
		require.NoError(t, err)
	}
	require.NoError(t, m.Close())
	return m.FormDataContentType(), body
}

// dial is a connection to the server, by which anything can be said.
func (w *world) dial() net.Conn {
	var d net.Dialer
	c, err := d.DialContext(context.Background(), "tcp", w.http.Listener.Addr().String())
	require.NoError(w.t, err)
	require.NoError(w.t, c.SetDeadline(time.Now().Add(time.Minute)))
	w.t.Cleanup(func() { _ = c.Close() })
	return c
}
