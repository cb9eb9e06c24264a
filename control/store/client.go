package store

import (
	"syscall"

	"tuco/control/store/tree"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// A Client is a connection to the store: watches, open transactions, and events that it has not taken.
type Client struct {
	store  *Store
	domain *domain
	home   string
	wake   func()

	watches      map[watchKey]*watch
	transactions map[uint32]*transaction
	last         uint32 // the number of the last transaction
	events       queue
	closed       bool
}

// Connect is a new connection of a domain's. wake is called, in the middle of some request, when there is an event and there was none.
func (s *Store) Connect(domain hypercall.DomID, wake func()) *Client {
	d := s.domain(domain)
	c := &Client{
		store: s, domain: d, home: Home(domain), wake: wake,
		watches: map[watchKey]*watch{}, transactions: map[uint32]*transaction{},
	}
	d.clients[c] = true
	return c
}

// OnEvent has a function called as wake of Connect, and calls it if there is an event already.
func (c *Client) OnEvent(wake func()) {
	c.wake = wake
	if len(c.events.events)+len(c.events.missed) > 0 {
		wake()
	}
}

// Close ends the connection, and its watches and transactions. Then there are no events, and all requests fail with EIO.
func (c *Client) Close() {
	c.Reset()
	c.closed = true
	delete(c.domain.clients, c)
	c.store.tidy(c.domain)
}

// Reset ends the connection's watches and transactions, and forgets its events.
func (c *Client) Reset() {
	for _, w := range c.watches {
		c.unwatch(w)
	}
	for _, tx := range c.transactions {
		c.forget(tx)
	}
	c.events = queue{}
}

// privileged tells whether nothing is forbidden to the client.
func (c *Client) privileged() bool { return c.domain.id == 0 }

// may tells whether the client may read by some permissions, or write.
func (c *Client) may(perms tree.Perms, write bool) bool {
	if c.privileged() {
		return true
	}
	r, w := perms.Of(c.domain.id)
	if c.domain.hasTarget {
		moreR, moreW := perms.Of(c.domain.target)
		r, w = r || moreR, w || moreW
	}
	return write && w || !write && r
}

// owns tells whether the client may do what owners may.
func (c *Client) owns(perms tree.Perms) bool {
	owner := perms.Owner()
	return c.privileged() || owner == c.domain.id || c.domain.hasTarget && owner == c.domain.target
}

// fits tells whether the client may make a node of that size.
func (c *Client) fits(value string, perms tree.Perms) syscall.Errno {
	if !c.privileged() && size(value, perms) > c.store.quota.NodeSize {
		return syscall.ENOSPC
	}
	return 0
}

// Do does what a message asks for. The reply is to be sent before any event that comes by Next after it.
func (c *Client) Do(m wire.Message) wire.Message {
	body, errno := c.answer(m)
	reply := wire.Message{Type: m.Type, Req: m.Req, Tx: m.Tx, Body: body}
	if errno != 0 {
		reply.Type, reply.Body = hypercall.XS_ERROR, wire.Join(nameOf(errno))
	}
	return reply
}
