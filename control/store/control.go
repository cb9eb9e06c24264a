package store

import (
	"fmt"
	"strings"
	"syscall"

	"tuco/control/store/tree"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// control does what an operator asks of the daemon.
func (c *Client) control(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	if !c.privileged() {
		return nil, syscall.EACCES
	}
	switch texts[0] {
	case "check":
		return wire.Join(c.store.Check()), 0
	case "help":
		return wire.Join("check: compare what domains are charged for with what there is\nprint TEXT: write to the log\nquota: the limits of a domain\n"), 0
	case "print":
		c.store.log.Info("domain 0 says", "text", strings.Join(texts[1:], " "))
		return done, 0
	case "quota":
		return wire.Join(fmt.Sprintf("%+v", c.store.quota)), 0
	}
	return nil, syscall.EINVAL
}

// Check compares what domains are charged for with the nodes that there are. It is "OK", or names the first domain for which
// that is not the same.
func (s *Store) Check() string {
	found := map[hypercall.DomID]usage{}
	var count func(name string, n *tree.Node)
	count = func(name string, n *tree.Node) {
		owner := n.Perms.Owner()
		found[owner] = found[owner].plus(of(name, n))
		for name, child := range n.Children() {
			count(name, child)
		}
	}
	count("", s.root)
	for id := range s.domains {
		found[id] = found[id].plus(usage{}) // so that those are looked at who should have none
	}
	for id, want := range found {
		if got := s.usage(id); got != want {
			return fmt.Sprintf("domain %d is charged for %d nodes of %d bytes, and has %d of %d", id, got.nodes, got.bytes, want.nodes, want.bytes)
		}
	}
	return "OK"
}
