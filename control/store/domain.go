package store

import (
	"tuco/control/store/tree"
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
