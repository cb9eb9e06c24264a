package store

import (
	"strconv"
	"syscall"

	"tuco/control/store/tree"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// A domain is what is known of one that is connected, introduced, or owns nodes.
type domain struct {
	id                    hypercall.DomID
	clients               map[*Client]bool
	usage                 usage
	watches, transactions int
	record                record
	introduced, shutdown  bool
	hasTarget             bool
	target                hypercall.DomID // with whose rights it acts, besides its own
}

// domain is the record of a domain, which is made if there is none.
func (s *Store) domain(id hypercall.DomID) *domain {
	d := s.domains[id]
	if d == nil {
		d = &domain{id: id, clients: map[*Client]bool{}}
		s.domains[id] = d
	}
	return d
}

// tidy forgets a domain of which there is nothing to know.
func (s *Store) tidy(d *domain) {
	if d.usage == (usage{}) && len(d.clients) == 0 && !d.introduced && !d.hasTarget {
		delete(s.domains, d.id)
	}
}

func (s *Store) usage(id hypercall.DomID) usage {
	if d := s.domains[id]; d != nil {
		return d.usage
	}
	return usage{}
}

// Introduce says that a domain has begun to use the store.
func (s *Store) Introduce(id hypercall.DomID) {
	if d := s.domain(id); !d.introduced {
		d.introduced = true
		s.tellSpecial(introduceDomain)
	}
}

// Introduced tells whether it has.
func (s *Store) Introduced(id hypercall.DomID) bool {
	d := s.domains[id]
	return id == 0 || d != nil && d.introduced
}

// Shutdown says that a domain has shut down, and waits for whoever made it to end it, or to have it go on (Resume).
func (s *Store) Shutdown(id hypercall.DomID) {
	if d := s.domains[id]; d != nil && d.introduced && !d.shutdown {
		d.shutdown = true
		s.tellSpecial(releaseDomain)
	}
}

// Resume says that a domain goes on that had shut down.
func (s *Store) Resume(id hypercall.DomID) {
	if d := s.domains[id]; d != nil {
		d.shutdown = false
	}
}

// Release says that a domain has ended. Its connections are closed, its nodes are removed with all that is below them, and nobody's
// permissions name it any more: the next domain of this number has nothing of it.
func (s *Store) Release(id hypercall.DomID) {
	if id == 0 {
		return
	}
	d := s.domain(id)
	for c := range d.clients {
		c.Close()
	}
	for _, other := range s.domains {
		if other.hasTarget && other.target == id {
			other.hasTarget = false
			s.tidy(other)
		}
	}
	e := s.edit(s.self)
	e.scrub(s.self, id, "/", e.root)
	s.install(e.root, e.charges, e.changes)
	for path, perms := range s.special {
		s.special[path] = perms.Without(id)
	}
	s.ended[id] = e.gen
	introduced := d.introduced
	d.introduced, d.shutdown, d.hasTarget = false, false, false
	s.tidy(d)
	if introduced {
		s.tellSpecial(releaseDomain)
	}
}

// scrub takes a domain out of a node and all below it.
func (e *edit) scrub(who *Client, id hypercall.DomID, path string, n *tree.Node) {
	if n.Perms.Owner() == id && path != "/" {
		e.remove(who, path)
		return
	}
	if n.Perms.Name(id) {
		after := *n
		after.Perms, after.Gen = n.Perms.Without(id), e.gen
		e.replace(who, path, n, &after)
	}
	for name, child := range n.Children() {
		e.scrub(who, id, tree.Join(path, name), child)
	}
}

// parseDomain is a domain's number.
func parseDomain(text string) (hypercall.DomID, syscall.Errno) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || hypercall.DomID(n) >= hypercall.DOMID_FIRST_RESERVED {
		return 0, syscall.EINVAL
	}
	return hypercall.DomID(n), 0
}

func (c *Client) domainPath(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	id, errno := parseDomain(texts[0])
	return wire.Join(Home(id)), errno
}

func (c *Client) isIntroduced(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	id, errno := parseDomain(texts[0])
	if errno == 0 && c.store.Introduced(id) {
		return wire.Join("T"), 0
	}
	return wire.Join("F"), errno
}

// managed is the domain of a request that is domain 0's alone, and for other domains than that.
func (c *Client) managed(text string) (hypercall.DomID, syscall.Errno) {
	if !c.privileged() {
		return 0, syscall.EACCES
	}
	id, errno := parseDomain(text)
	if errno == 0 && id == 0 {
		return 0, syscall.EINVAL
	}
	return id, errno
}

func (c *Client) introduce(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	id, errno := c.managed(texts[0])
	if errno != 0 {
		return nil, errno
	}
	frame, err := strconv.ParseUint(texts[1], 10, 64)
	if err != nil {
		return nil, syscall.EINVAL
	}
	port, err := strconv.ParseUint(texts[2], 10, 32)
	if err != nil {
		return nil, syscall.EINVAL
	}
	if c.store.host == nil {
		return nil, syscall.ENOSYS
	}
	if err := c.store.host.Connect(id, frame, uint32(port)); err != nil {
		c.store.log.Warn("a domain can't be connected to the store", "domain", id, "frame", frame, "port", port, "error", err)
		return nil, syscall.EINVAL
	}
	c.store.Introduce(id)
	return done, 0
}

func (c *Client) release(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	id, errno := c.managed(texts[0])
	switch {
	case errno != 0:
		return nil, errno
	case !c.store.Introduced(id):
		return nil, syscall.ENOENT
	}
	if c.store.host != nil {
		c.store.host.Disconnect(id)
	}
	c.store.Release(id)
	return done, 0
}

func (c *Client) resume(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	id, errno := c.managed(texts[0])
	switch {
	case errno != 0:
		return nil, errno
	case !c.store.Introduced(id):
		return nil, syscall.ENOENT
	}
	c.store.Resume(id)
	return done, 0
}

// setTarget gives a domain the rights of another, whose devices it emulates.
func (c *Client) setTarget(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	id, errno := c.managed(texts[0])
	if errno != 0 {
		return nil, errno
	}
	target, errno := c.managed(texts[1])
	switch {
	case errno != 0:
		return nil, errno
	case !c.store.Introduced(id) || !c.store.Introduced(target):
		return nil, syscall.ENOENT
	}
	d := c.store.domain(id)
	d.target, d.hasTarget = target, true
	return done, 0
}
