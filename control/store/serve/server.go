package serve

import (
	"log/slog"
	"sync"
	"time"

	"tuco/control/store"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
	"tuco/ring/xenstore"
)

// A Link is how a domain is reached: its page, and the event channel beside it.
type Link struct {
	Page   *xenstore.Page
	Events wire.Events
	Close  func() // called when the page is not used any more, if it isn't nil
}

// Config is what a server needs.
type Config struct {
	Quota store.Quota
	Log   *slog.Logger

	// Open reaches a domain of whose page and port a client has told that speaks for domain 0 (XS_INTRODUCE). Nil: such requests are refused.
	Open func(domain hypercall.DomID, frame uint64, port uint32) (Link, error)

	// Pause is a channel that has something to receive after some time. Nil: time.After.
	Pause func(time.Duration) <-chan time.Time
}

// A Server is the store's daemon. Its methods may be called by several goroutines at once.
type Server struct {
	config Config
	turns  turns
	stop   chan struct{}
	all    sync.WaitGroup

	// In a turn only:
	store   *store.Store
	conns   map[*conn]bool
	stopped bool
}

// New makes a server with an empty store.
func New(config Config) *Server {
	s := newServer(config)
	s.store = store.New(config.Quota, host{s}, config.Log)
	return s
}

func newServer(config Config) *Server {
	if config.Pause == nil {
		config.Pause = time.After
	}
	return &Server{config: config, stop: make(chan struct{}), conns: map[*conn]bool{}}
}

// Introduce begins to serve a domain, in place of what served it before.
func (s *Server) Introduce(domain hypercall.DomID, link Link) {
	s.turns.do(func() {
		s.connect(domain, link)
		s.store.Introduce(domain)
	})
}

// Release says that a domain has ended: see store.Release. Its event channel is closed, and its page is not used any more when Release returns.
func (s *Server) Release(domain hypercall.DomID) {
	if domain == 0 {
		return
	}
	var ended []*conn
	s.turns.do(func() {
		ended = s.disconnect(domain)
		s.store.Release(domain)
	})
	for _, c := range ended {
		<-c.over
	}
}

// Shutdown says that a domain has shut down, and Resume that it goes on.
func (s *Server) Shutdown(domain hypercall.DomID) { s.turns.do(func() { s.store.Shutdown(domain) }) }

// Resume says that a domain goes on that had shut down.
func (s *Server) Resume(domain hypercall.DomID) { s.turns.do(func() { s.store.Resume(domain) }) }

// Figures is what domains have of the store.
func (s *Server) Figures() (all map[hypercall.DomID]store.Figures) {
	s.turns.do(func() { all = s.store.Figures() })
	return all
}

// Local is a connection of domain 0's own, for xenbus.New. It lasts until it is closed, also when the server is stopped and another resumes.
func (s *Server) Local() *wire.Conn {
	daemon, peer := newLocal()
	s.turns.do(func() { s.connect(0, daemon) })
	return wire.Domain(peer.Page, peer.Events)
}

// connect begins to serve a connection, in a turn.
func (s *Server) connect(domain hypercall.DomID, link Link) {
	if s.stopped {
		link.Events.Close()
		return
	}
	if domain != 0 {
		s.disconnect(domain)
	}
	c := newConn(s, domain, link)
	c.client = s.store.Connect(domain, c.kick)
	s.start(c)
}

func (s *Server) start(c *conn) {
	s.conns[c] = true
	s.all.Add(2)
	go c.listen()
	go c.run()
}

// disconnect ends a domain's connections, in a turn. The goroutines end some time after.
func (s *Server) disconnect(domain hypercall.DomID) (ended []*conn) {
	for c := range s.conns {
		if c.domain == domain {
			c.close()
			ended = append(ended, c)
		}
	}
	return ended
}

// host is the server as the store knows it.
type host struct{ *Server }

func (h host) Connect(domain hypercall.DomID, frame uint64, port uint32) error {
	if h.config.Open == nil {
		return errNoOpen
	}
	link, err := h.config.Open(domain, frame, port)
	if err != nil {
		return err
	}
	h.connect(domain, link)
	return nil
}

func (h host) Disconnect(domain hypercall.DomID) { h.disconnect(domain) }
