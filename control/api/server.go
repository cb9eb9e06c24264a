package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"

	"tuco/control/config"
	"tuco/control/console"
	"tuco/control/disks"
	"tuco/control/domains"
	"tuco/control/images"
	"tuco/control/limit"
	"tuco/control/network"
	"tuco/control/volume"
	"tuco/hypercall"
)

// Guests is a domains.Manager.
type Guests interface {
	List() []domains.Info
	Reports(name string) []domains.Report
	Create(c *config.Guest) error
	SetSchedule(name string, weight, limit *int) error
	Pause(name string) error
	Unpause(name string) error
	Shutdown(name, how string) error
	Destroy(name string) error
}

// Machine is what the hypervisor tells of itself and of domains.
type Machine interface {
	Machine() (hypercall.ControlMachine, error)
	Domains() ([]hypercall.ControlDomain, error)
	VCPU(id domains.ID, vcpu int) (hypercall.ControlVCPU, error)
}

// Consoles has guests' consoles.
type Consoles interface {
	Console(guest string) (*console.Console, error)
}

// Options is what a server works with.
type Options struct {
	Token [sha256.Size]byte // the token's sum

	Guests     Guests
	Machine    Machine
	Consoles   Consoles
	Daemons    Daemons
	Trace      Trace
	Volumes    *volume.Store
	Images     *images.Store
	Disks      func(domains.ID) []disks.Disk
	Interfaces func(domains.ID) []network.Interface
	PowerOff   func() // has the host end, all guests first

	Version string
	Address string // of the host, in the network that it is in
	Log     *slog.Logger

	// Patience is how long a client may send nothing, or take nothing; 0: 30 seconds.
	Patience time.Duration
}

// Limits of the server.
const (
	maxConnections = 64
	maxConsoles    = 32
	maxHeader      = 16 << 10
	maxJSON        = 64 << 10
	headerTime     = 10 * time.Second
	idleTime       = 2 * time.Minute
	patience       = 30 * time.Second
)

// Server answers requests.
type Server struct {
	Options
	http     http.Server
	captures captures
	consoles chan struct{} // a place for each that may be attached
	building chan struct{} // whose creation is in memory
	refusals *limit.Bucket // of wrong tokens that are logged
	counts   counts
}

// New makes a server.
func New(o Options) *Server {
	if o.Patience == 0 {
		o.Patience = patience
	}
	s := &Server{Options: o, consoles: make(chan struct{}, maxConsoles), building: make(chan struct{}, 1), refusals: limit.New(1, 5)}
	s.http = http.Server{
		Handler: s.handler(), ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug), // of connections that end in an unusual way
	}
	return s
}

// Serve answers those who connect, until Close.
func (s *Server) Serve(l net.Listener) error {
	err := s.http.Serve(netutil.LimitListener(l, maxConnections))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close ends all connections. Answers that are being sent have a moment to get out.
func (s *Server) Close() error {
	const moment = time.Second
	ctx, cancel := context.WithTimeout(context.Background(), moment)
	defer cancel()
	if s.http.Shutdown(ctx) == nil {
		return nil
	}
	return s.http.Close()
}
