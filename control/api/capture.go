package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"tuco/control/api/wire"
	"tuco/control/capture"
	"tuco/control/network"
	"tuco/control/vswitch"
)

// Each capture keeps this much of what its reader has not taken yet, and hands on what has come this often.
const (
	maxCaptures = 4
	captureRoom = 256 << 10
	captureTick = 200 * time.Millisecond
)

// captures are the ports whose frames are captured. A port has one tap, so it has one capture.
type captures struct {
	mu    sync.Mutex
	ports []*vswitch.Port
}

// begin notes a capture. It says why there can be none.
func (c *captures) begin(p *vswitch.Port) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case slices.Contains(c.ports, p):
		return refuse(http.StatusConflict, "the frames of interface %q are being captured already: end that first", p.Name())
	case len(c.ports) == maxCaptures:
		return refuse(http.StatusServiceUnavailable, "the frames of %d interfaces are being captured, and no more can be; end one", maxCaptures)
	}
	c.ports = append(c.ports, p)
	return nil
}

func (c *captures) end(p *vswitch.Port) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ports = slices.DeleteFunc(c.ports, func(q *vswitch.Port) bool { return q == p })
}

// capture sends the frames of a guest's interface as a file, while they come, until the client leaves or the interface goes, as it does when its guest ends.
func (s *Server) capture(w http.ResponseWriter, r *http.Request) error {
	port, there, err := s.port(r.PathValue("name"), r.URL.Query().Get(wire.QueryInterface))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", wire.CaptureType)
	if r.Method == http.MethodHead {
		return nil
	}
	if err := s.captures.begin(port); err != nil {
		return err
	}
	defer s.captures.end(port)
	ring, err := capture.New(captureRoom, 0, time.Now)
	if err != nil {
		return err
	}
	port.SetTap(ring)
	defer port.SetTap(nil)
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // the client has said all; when it leaves, the request's context ends
	w.WriteHeader(http.StatusOK)
	ctx, leave := context.WithCancel(r.Context())
	out := &stream{w: w}
	var worker sync.WaitGroup
	worker.Go(func() {
		defer leave()
		for ctx.Err() == nil && there() && out.flush() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(captureTick):
			}
		}
	})
	lost, err := ring.Stream(ctx, out)
	leave()
	worker.Wait()
	s.Log.Info("capture ended", "interface", port.Name(), "lost", lost, "error", err) // nobody is left to be told but the log's reader
	return nil
}

// port is that of a guest's interface, by its number; none is the first. There tells whether the guest still has it.
func (s *Server) port(guest, number string) (p *vswitch.Port, there func() bool, err error) {
	n := 0
	if number != "" {
		if n, err = strconv.Atoi(number); err != nil || n < 0 {
			return nil, nil, refuse(http.StatusBadRequest, "%q can't be the number of an interface: the first is 0", number)
		}
	}
	g, found := s.guest(guest)
	if !found {
		return nil, nil, noGuest(guest)
	}
	all := s.Interfaces(g.ID)
	if n >= len(all) {
		return nil, nil, refuse(http.StatusBadRequest, "guest %q has %d network interfaces, and none with the number %d", guest, len(all), n)
	}
	p = all[n].Port
	return p, func() bool {
		return slices.ContainsFunc(s.Interfaces(g.ID), func(i network.Interface) bool { return i.Port == p })
	}, nil
}

// stream is an answer that is written and flushed by two goroutines.
type stream struct {
	mu sync.Mutex
	w  http.ResponseWriter
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

func (s *stream) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.w.(*answer).extend()
	return http.NewResponseController(s.w).Flush()
}
