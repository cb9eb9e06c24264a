package serve

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"tuco/control/limit"
	"tuco/control/store"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/xenstore"
)

// How often a domain may begin its connection anew: so many times at once, and so many per second from then on.
const (
	connectBurst = 8
	connectRate  = 1
)

var errNoOpen = errors.New("this daemon has no way to reach a domain by its frame and port")

// headSize is of a message's head.
const headSize = 16

// A conn is a connection, served by one goroutine.
type conn struct {
	server *Server
	domain hypercall.DomID
	link   Link
	client *store.Client // in a turn only

	requests, replies ring.Bytes

	in      []byte        // of a request that has not come whole
	out     []byte        // replies and events
	sent    int           // how much of them has gone
	penalty time.Duration // to wait before the next request
	moved   bool          // something did in the last work
	idle    limit.Idle    // looks at which nothing did
	comes   *limit.Bucket // new connections
	dead    bool          // the peer has broken the protocol: nothing is read until it asks for a new connection

	woken  chan struct{}
	ended  context.Context // when the connection is to end
	end    context.CancelCauseFunc
	over   chan struct{} // the goroutine has ended
	closed bool          // in a turn only
}

func newConn(s *Server, domain hypercall.DomID, link Link) *conn {
	c := &conn{server: s, domain: domain, link: link, woken: make(chan struct{}, 1), over: make(chan struct{}), comes: limit.New(connectRate, connectBurst)}
	c.ended, c.end = context.WithCancelCause(context.Background())
	c.attach()
	atomic.StoreUint32(&link.Page.Features, xenstore.FeatureReconnect|xenstore.FeatureError)
	c.kick() // there may be requests already
	return c
}

// attach takes the rings as their indices say.
func (c *conn) attach() { c.requests, c.replies = c.link.Page.Daemon() }

// kick has the connection look for what there is to do.
func (c *conn) kick() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

// listen hands on the peer's notifications.
func (c *conn) listen() {
	defer c.server.all.Done()
	for {
		if err := c.link.Events.Wait(c.ended); err != nil {
			c.end(err)
			return
		}
		c.kick()
	}
}

// run serves the connection until it ends, or the server stops. A peer that sends events with nothing behind them has to wait.
func (c *conn) run() {
	defer c.server.all.Done()
	defer close(c.over)
	defer c.giveBack()
	for told := false; ; {
		pause, err := c.work()
		if err != nil {
			c.fail(err)
		}
		more := pause > 0
		if told {
			pause = max(pause, c.idle.Looked(c.moved))
		}
		told = false
		var until <-chan time.Time
		woken := c.woken
		if pause > 0 {
			until, woken = c.server.config.Pause(pause), nil
		}
		select {
		case <-woken:
			told = true
		case <-until:
			if more {
				c.kick()
			}
		case <-c.server.stop:
			c.end(nil)
			return
		case <-c.ended.Done():
			c.server.turns.do(c.close)
			return
		}
	}
}

// close ends the connection, in a turn.
func (c *conn) close() {
	if c.closed {
		return
	}
	c.closed = true
	c.client.Close()
	delete(c.server.conns, c)
	c.end(nil)
	c.link.Events.Close()
}

// giveBack gives the page back, if the connection has ended.
func (c *conn) giveBack() {
	c.server.turns.take()
	defer c.server.turns.give()
	if c.closed && c.link.Close != nil {
		c.link.Close()
	}
}

// work goes round until nothing moves, or the connection is to pause or to end. A bug of ours ends the connection that has come upon it, and no
// other: an edit that isn't finished is in no tree.
func (c *conn) work() (pause time.Duration, err error) {
	defer func() {
		if bug := recover(); bug != nil {
			err = fmt.Errorf("a bug of the daemon: %v\n%s", bug, debug.Stack())
		}
	}()
	c.moved = false
	for c.ended.Err() == nil {
		if c.asksAnew() {
			c.reconnect()
			if wait := c.comes.Take(1, time.Now()); wait > 0 {
				return wait, nil
			}
		}
		if c.dead {
			return 0, nil
		}
		select {
		case <-c.server.stop:
			return 0, nil
		default:
		}
		moved, err := c.step()
		if err != nil || !moved {
			return 0, err
		}
		c.moved = true
		if c.penalty > 0 {
			pause, c.penalty = c.penalty, 0
			return pause, nil
		}
	}
	return 0, nil
}

// step sends what there is, has at most one request done, and notifies the peer if there is something new for it.
func (c *conn) step() (moved bool, err error) {
	if moved, err = c.exchange(); moved && err == nil {
		err = c.link.Events.Notify()
	}
	return moved, err
}

func (c *conn) exchange() (moved bool, err error) {
	sent, err := c.send()
	if err != nil || c.sent < len(c.out) {
		return sent, err
	}
	request, taken, err := c.receive()
	if err != nil {
		return false, err
	}
	c.server.turns.do(func() {
		if request != nil {
			c.out = encode(c.out, c.client.Do(*request))
			c.penalty = c.client.Penalty()
			c.in = c.in[:0]
		}
		if event, ok := c.client.Next(); ok {
			c.out = encode(c.out, event)
		}
	})
	more, err := c.send()
	return sent || taken || more, err
}

// send puts as much as there is room for.
func (c *conn) send() (moved bool, err error) {
	if len(c.out) == 0 {
		return false, nil
	}
	n, err := c.replies.Put(c.out[c.sent:])
	if c.sent += n; c.sent == len(c.out) {
		c.out, c.sent = c.out[:0], 0
	}
	return n > 0, err
}

// fail gives a peer up that has broken the protocol.
func (c *conn) fail(err error) {
	if c.ended.Err() != nil {
		return
	}
	reason := uint32(xenstore.ErrorComm)
	switch {
	case errors.Is(err, ring.ErrIndex):
		reason = xenstore.ErrorIndex
	case errors.Is(err, wire.ErrTooLong):
		reason = xenstore.ErrorProtocol
	}
	c.server.config.Log.Warn("a domain's connection to the store is given up", "domain", c.domain, "error", err)
	c.drop()
	c.dead = true
	atomic.StoreUint32(&c.link.Page.Error, reason)
	c.notify()
}

// drop forgets all that is under way.
func (c *conn) drop() {
	c.in, c.out, c.sent = nil, nil, 0
	c.server.turns.do(c.client.Reset)
}

// notify tells the peer of something new in the page. If that can't be done, listen hears of it too.
func (c *conn) notify() { _ = c.link.Events.Notify() }

// asksAnew tells whether the peer asks for a new connection.
func (c *conn) asksAnew() bool {
	return atomic.LoadUint32(&c.link.Page.Connection) == xenstore.Reconnect
}

// reconnect begins anew, with empty rings, as a domain asks for that has come to life again or has given up its connection.
func (c *conn) reconnect() {
	c.drop()
	c.dead = false
	page := c.link.Page
	for _, index := range []*uint32{&page.ReqCons, &page.ReqProd, &page.RspCons, &page.RspProd, &page.Error} {
		atomic.StoreUint32(index, 0)
	}
	c.attach()
	atomic.StoreUint32(&page.Connection, xenstore.Connected) // after all else: then the peer goes on
	c.notify()
}
