package wire

import (
	"context"
	"io"
	"sync"

	"tuco/ring"
	"tuco/ring/xenstore"
)

// Events is the event channel beside the page.
type Events interface {
	Notify() error
	Wait(ctx context.Context) error
	Close() error
}

// A Conn is a connection by a page. One goroutine may read and one write at the same time.
type Conn struct {
	in, out            ring.Bytes
	events             Events
	readable, writable chan struct{}
	ended              context.Context
	end                context.CancelCauseFunc
	once               sync.Once
}

// Domain is the domain's end. It goes on where the page's indices are.
func Domain(page *xenstore.Page, events Events) *Conn {
	out, in := page.Domain()
	return connect(in, out, events)
}

// Daemon is the end of the store's daemon.
func Daemon(page *xenstore.Page, events Events) *Conn {
	in, out := page.Daemon()
	return connect(in, out, events)
}

func connect(in, out ring.Bytes, events Events) *Conn {
	c := &Conn{in: in, out: out, events: events, readable: make(chan struct{}, 1), writable: make(chan struct{}, 1)}
	c.ended, c.end = context.WithCancelCause(context.Background())
	go c.listen()
	return c
}

// listen hands each event on to who reads and to who writes: either may be what it is about. Each looks at its ring first and
// waits after, so an event may be one too many, and is never one too few.
func (c *Conn) listen() {
	for {
		if err := c.events.Wait(c.ended); err != nil {
			c.end(err)
			return
		}
		for _, who := range []chan struct{}{c.readable, c.writable} {
			select {
			case who <- struct{}{}:
			default: // it has not looked since the last one
			}
		}
	}
}

// Read reads at least a byte. It fails with ring.ErrIndex if the peer's index is impossible, and with io.ErrClosedPipe, or the
// event channel's error, when the connection has ended.
func (c *Conn) Read(p []byte) (n int, err error) {
	for len(p) > 0 {
		if n, err = c.in.Take(p); n > 0 || err != nil {
			return n, c.moved(n, err)
		}
		if err := c.wait(c.readable); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// Write writes all. Its errors are Read's.
func (c *Conn) Write(p []byte) (n int, err error) {
	for n < len(p) {
		m, err := c.out.Put(p[n:])
		n += m
		if err := c.moved(m, err); err != nil {
			return n, err
		}
		if m > 0 {
			continue
		}
		if err := c.wait(c.writable); err != nil {
			return n, err
		}
	}
	return n, nil
}

// moved tells the peer of bytes that were put or taken.
func (c *Conn) moved(n int, err error) error {
	if err == nil && n > 0 {
		err = c.events.Notify()
	}
	return err
}

func (c *Conn) wait(event chan struct{}) error {
	select {
	case <-event:
		return nil
	case <-c.ended.Done():
		return context.Cause(c.ended)
	}
}

// Close ends the connection: who reads or writes returns.
func (c *Conn) Close() error {
	err := io.ErrClosedPipe
	c.once.Do(func() {
		c.end(io.ErrClosedPipe)
		err = c.events.Close()
	})
	return err
}
