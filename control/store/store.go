package store

import (
	"log/slog"
	"syscall"

	"tuco/control/store/tree"
	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

// A Store is the nodes, and who is connected to them. It is for one goroutine at a time.
type Store struct {
	root    *tree.Node
	gen     uint64                      // counts changes
	by      [remembered]hypercall.DomID // whose the last ones were
	special map[string]tree.Perms

	domains map[hypercall.DomID]*domain
	ended   map[hypercall.DomID]uint64 // at which change a domain of that number has ended last
	watches map[string][]*watch        // by their paths
	open    []*transaction             // the one that began first comes first
	self    *Client                    // does what the store does by itself
	setting uint64                     // counts watches that were set

	quota Quota
	host  Host
	log   *slog.Logger
}

// A Host connects domains to the store, at the request of a client that speaks for domain 0. Both are called in the middle of a request.
type Host interface {
	// Connect begins to serve a domain, whose page and port are these. The error is told to the log.
	Connect(domain hypercall.DomID, frame uint64, port uint32) error
	// Disconnect ends it.
	Disconnect(domain hypercall.DomID)
}

// New makes a store with nothing in it but what everybody expects there. A nil host means that requests to connect domains are refused.
func New(quota Quota, host Host, log *slog.Logger) *Store {
	s := newStore(quota, host, log)
	for _, path := range []string{"/local/domain", "/tool/xenstored"} {
		s.change(s.self, op{kind: hypercall.XS_MKDIR, path: path})
	}
	return s
}

// newStore is a store of a root.
func newStore(quota Quota, host Host, log *slog.Logger) *Store {
	nobody := tree.Perms{xenbus.Perm{Domain: 0}}
	s := &Store{
		root: tree.Root(nobody), special: map[string]tree.Perms{introduceDomain: nobody, releaseDomain: nobody},
		domains: map[hypercall.DomID]*domain{}, ended: map[hypercall.DomID]uint64{}, watches: map[string][]*watch{},
		quota: quota, host: host, log: log,
	}
	s.domain(0).usage = of("", s.root)
	s.self = s.Connect(0, nil)
	return s
}

// edit begins a change of the store itself.
func (s *Store) edit(who *Client) *edit {
	return &edit{root: s.root, gen: s.next(who.domain.id)}
}

// change makes a change, of all its parts or none.
func (s *Store) change(who *Client, o op) syscall.Errno {
	e := s.edit(who)
	if errno := e.apply(who, o); errno != 0 {
		return errno
	}
	s.install(e.root, e.charges, e.changes)
	return 0
}

// install makes a tree the store's, and tells of what is new in it.
func (s *Store) install(root *tree.Node, charges []charge, changes []change) {
	s.root = root
	for _, c := range charges {
		d := s.domain(c.owner)
		d.usage = d.usage.plus(c.usage)
		s.tidy(d)
	}
	for _, c := range changes {
		s.tell(c)
	}
	s.renew()
}
