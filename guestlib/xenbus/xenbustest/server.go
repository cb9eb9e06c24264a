// Package xenbustest is a store in memory, with domains connected to it by rings in memory: for tests on the host, of front ends
// and whatever else uses the store.
//
//	server := xenbustest.New()
//	store := server.Connect(5)             // as domain 5 sees it
//	server.Write("/local/domain/5/name", "five")
//	server.Watch(func(path string) { … })  // a back end's part
package xenbustest

import (
	"maps"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"tuco/guestlib/evtchn/evtchntest"
	"tuco/guestlib/xenbus"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
	"tuco/ring/xenstore"
)

// A Server is the store and its daemon.
type Server struct {
	lock       sync.Mutex
	tree       tree
	generation uint64 // counts changes
	conns      map[*conn]bool
	watchers   []func(path string)
}

// New makes a store with the directory of no domain.
func New() *Server {
	return &Server{tree: newTree(), conns: map[*conn]bool{}}
}

// conn is a domain's connection.
type conn struct {
	server       *Server
	domain       hypercall.DomID
	home         string
	wire         *wire.Conn
	out          chan wire.Message
	watches      map[watch]bool
	transactions map[uint32]*transaction
	lastTx       uint32
}

type watch struct{ path, token string }

type transaction struct {
	tree    tree
	began   uint64 // the generation
	changed []string
}

// Home is the directory of a domain.
func Home(domain hypercall.DomID) string { return "/local/domain/" + strconv.Itoa(int(domain)) }

// Connect connects a domain, and makes its directory, which it owns.
func (s *Server) Connect(domain hypercall.DomID) *xenbus.Store { return xenbus.New(s.Dial(domain)) }

// Dial is a domain's end of a new connection.
func (s *Server) Dial(domain hypercall.DomID) *wire.Conn {
	page := new(xenstore.Page)
	a, b := evtchntest.Pair()
	s.Serve(domain, wire.Daemon(page, b))
	return wire.Domain(page, a)
}

// Serve answers a domain's requests by a connection until that ends.
func (s *Server) Serve(domain hypercall.DomID, w *wire.Conn) {
	c := &conn{
		server: s, domain: domain, home: Home(domain), wire: w, out: make(chan wire.Message, 1024),
		watches: map[watch]bool{}, transactions: map[uint32]*transaction{},
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	s.conns[c] = true
	s.change(func(t tree) (errno syscall.Errno) {
		if t[c.home] == nil {
			empty := ""
			errno = t.put(0, c.home, &empty)
			t[c.home] = &node{perms: []xenbus.Perm{{Domain: domain}}}
		}
		return errno
	}, c.home)
	go c.send()
	go c.receive()
}

// send writes messages. A domain that does not read is cut off.
func (c *conn) send() {
	for m := range c.out {
		if wire.Write(c.wire, m) != nil {
			c.wire.Close()
		}
	}
}

func (c *conn) receive() {
	for {
		m, err := wire.Read(c.wire)
		if err != nil {
			break
		}
		c.server.lock.Lock()
		body, errno := c.answer(m)
		if errno != 0 {
			m.Type, body = hypercall.XS_ERROR, wire.Join(nameOf(errno))
		}
		m.Body = body
		c.post(m)
		c.server.lock.Unlock()
	}
	c.wire.Close()
	c.server.lock.Lock()
	delete(c.server.conns, c)
	close(c.out)
	c.server.lock.Unlock()
}

// post sends a message sometime. A domain that lets too many pile up is cut off.
func (c *conn) post(m wire.Message) {
	select {
	case c.out <- m:
	default:
		c.wire.Close()
	}
}

// change makes a change of the tree, and tells of it.
func (s *Server) change(do func(tree) syscall.Errno, paths ...string) syscall.Errno {
	next := maps.Clone(s.tree)
	if errno := do(next); errno != 0 {
		return errno
	}
	s.tree = next
	s.generation++
	for _, path := range paths {
		s.tell(path)
	}
	return 0
}

// tell sends events of a path to those that watch it or what it is in.
func (s *Server) tell(path string) {
	for c := range s.conns {
		for w := range c.watches {
			full := c.full(w.path)
			if path != full && !strings.HasPrefix(path, full+"/") {
				continue
			}
			shown := path
			if !strings.HasPrefix(w.path, "/") {
				shown = strings.TrimPrefix(path, c.home+"/")
			}
			c.post(wire.Message{Type: hypercall.XS_WATCH_EVENT, Body: wire.Join(shown, w.token)})
		}
	}
	for _, w := range s.watchers {
		go w(path)
	}
}

// Read is a node's value, or not ok if there is none.
func (s *Server) Read(path string) (value string, ok bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	n := s.tree[path]
	if n == nil {
		return "", false
	}
	return n.value, true
}

// Write sets a node's value, as domain 0 does.
func (s *Server) Write(path, value string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.change(func(t tree) syscall.Errno { return t.put(0, path, &value) }, path)
}

// Remove removes a node, as domain 0 does.
func (s *Server) Remove(path string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.change(func(t tree) syscall.Errno { return t.remove(0, path) }, path)
}

// Watch has a function called for each change, by a goroutine of its own and in no order.
func (s *Server) Watch(changed func(path string)) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.watchers = append(s.watchers, changed)
}

// Disconnect ends a domain's connections.
func (s *Server) Disconnect(domain hypercall.DomID) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for c := range s.conns {
		if c.domain == domain {
			c.wire.Close()
		}
	}
}
