package fakehost

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tuco/control/api/wire"
	"tuco/control/config"
	"tuco/hypercall"
)

// Token is what requests have to carry.
const Token = "secret"

// Host is a host.
type Host struct {
	Address string

	mu      sync.Mutex
	guests  map[string]*guest
	volumes map[string]*volume
	daemons map[string]*wire.Daemon
	records []hypercall.ControlTraceRecord
	asked   []string
	looks   float64 // at GET /v1/domains
}

type guest struct {
	wire.Domain
	Sent    map[string]string // parts of the form
	console []byte
	reports []wire.Report
	gone    chan struct{}
}

type volume struct {
	wire.Volume
	content []byte
}

// Start starts a host, which ends with the test.
func Start(t testing.TB) *Host {
	h := &Host{guests: map[string]*guest{}, volumes: map[string]*volume{}, daemons: map[string]*wire.Daemon{}}
	for _, name := range []string{"block", "network", "console", "store"} {
		h.daemons[name] = &wire.Daemon{Name: name, State: "running", Started: time.Unix(1e9, 0).UTC()}
	}
	server := httptest.NewServer(h.paths())
	t.Cleanup(func() {
		h.mu.Lock()
		for _, g := range h.guests {
			close(g.gone)
		}
		clear(h.guests)
		h.mu.Unlock()
		server.Close()
	})
	h.Address = strings.TrimPrefix(server.URL, "http://")
	return h
}

// AddGuest makes a guest that runs, with a history on its console.
func (h *Host) AddGuest(name, console string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.add(&config.Guest{Name: name, Memory: 64, VCPUs: 2, Disks: []config.Disk{{Volume: "data", VDev: "xvda"}}}).console = []byte(console)
}

// AddReport makes a report of a guest's crash.
func (h *Host) AddReport(name string, r wire.Report) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.guests[name].reports = append(h.guests[name].reports, r)
}

// AddVolume makes a volume.
func (h *Host) AddVolume(name string, content []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.put(name, content)
}

// Asked are the requests, METHOD PATH, that have changed something or tried to.
func (h *Host) Asked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.asked)
}

// Sent is a part of the form that has made a guest.
func (h *Host) Sent(name, part string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.guests[name].Sent[part]
}

func (h *Host) add(c *config.Guest) *guest {
	g := &guest{gone: make(chan struct{}), Domain: wire.Domain{
		Name: c.Name, State: "running", Domain: len(h.guests) + 1, Memory: int64(c.Memory) << 20, VCPUs: c.VCPUs, Config: c,
	}}
	for _, d := range c.Disks {
		g.Disks = append(g.Disks, wire.Disk{VDev: d.VDev, Volume: d.Volume})
	}
	h.guests[c.Name] = g
	return g
}

func (h *Host) put(name string, content []byte) wire.Volume {
	v := &volume{wire.Volume{Name: name, Size: int64(len(content)), Allocated: int64(len(content)), Created: time.Unix(1e9, 0).UTC()}, content}
	h.volumes[name] = v
	return v.Volume
}

// refused is an answer that is none of the good ones.
type refused struct {
	status int
	text   string
}

func refuse(status int, format string, args ...any) *refused {
	return &refused{status, fmt.Sprintf(format, args...)}
}

// paths has all paths of the API, each behind the token and the lock.
func (h *Host) paths() http.Handler {
	mux := http.NewServeMux()
	on := func(pattern string, do func(w http.ResponseWriter, r *http.Request) (any, *refused)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			h.mu.Lock()
			defer h.mu.Unlock()
			if r.Method != http.MethodGet {
				h.asked = append(h.asked, r.Method+" "+r.URL.RequestURI())
			}
			what, no := any(nil), refuse(http.StatusUnauthorized, "the token is wrong")
			if r.Header.Get("Authorization") == wire.Bearer+Token {
				what, no = do(w, r)
			}
			answer(w, r, what, no)
		})
	}
	on("GET "+wire.PathHost, func(http.ResponseWriter, *http.Request) (any, *refused) { return h.self(), nil })
	on("POST "+wire.PathHost+wire.PowerOff, func(http.ResponseWriter, *http.Request) (any, *refused) { return nil, nil })
	mux.HandleFunc("GET "+wire.PathTrace, h.trace)
	h.guestPaths(on)
	h.volumePaths(on)
	on("GET "+wire.PathDaemons, func(http.ResponseWriter, *http.Request) (any, *refused) {
		list := []*wire.Daemon{}
		for _, name := range slices.Sorted(maps.Keys(h.daemons)) {
			list = append(list, h.daemons[name])
		}
		return list, nil
	})
	on("POST "+wire.PathDaemons+"/{name}"+wire.Restart, func(_ http.ResponseWriter, r *http.Request) (any, *refused) {
		d := h.daemons[r.PathValue("name")]
		if d == nil {
			return nil, refuse(http.StatusNotFound, "there is no daemon %q", r.PathValue("name"))
		}
		d.Restarts++
		return d, nil
	})
	return mux
}

func (h *Host) self() wire.Host {
	return wire.Host{
		Version: "fake", Uptime: h.looks, CPUs: 2, Memory: wire.Space{Size: 1 << 30, Free: 512 << 20}, Volumes: wire.Space{Size: 64 << 20, Free: 32 << 20},
		Domains: len(h.guests) + 1, Guests: len(h.guests), Address: "10.0.2.15",
		Collector: wire.Collector{Collections: 3, LongestStop: 41e-6, LongestWait: 1.5e-3},
	}
}

func answer(w http.ResponseWriter, r *http.Request, what any, no *refused) {
	switch {
	case no != nil:
		w.WriteHeader(no.status)
		what = wire.Error{Error: no.text}
	case what == answered:
		return
	case what == nil:
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method != http.MethodGet:
		w.WriteHeader(http.StatusCreated)
	}
	json.NewEncoder(w).Encode(what)
}

// answered is of those who have written their answer.
var answered = new(struct{ byte })
