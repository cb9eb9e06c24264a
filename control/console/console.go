package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"tuco/control/backend"
	"tuco/control/limit"
	"tuco/ring"
	"tuco/ring/console"
)

// Page is what a guest's console page has to be.
type Page = console.Page

// What calls fail with.
var (
	ErrFull      = errors.New("the guest does not read what was typed: there is no room for more")
	ErrConnected = errors.New("the console has a page already")
	ErrClosed    = errors.New("the console is closed")
)

// Events is the event channel beside the page.
type Events interface {
	Notify() error
	Wait(context.Context) error
}

// Config is what a console is like.
type Config struct {
	Name    string        // the guest's
	History int           // bytes that are kept
	Input   int           // bytes typed that may wait
	Rate    *limit.Bucket // of bytes written; nil limits nothing
	Log     io.Writer     // gets all that the guest writes, or nil

	Clock   limit.Clock
	Journal *slog.Logger // what is to be said of the console itself
}

// Console is a guest's console.
type Console struct {
	config Config

	mu       sync.Mutex
	history  history
	input    []byte
	wake     func() // whoever serves the page, or nil where nobody does
	attached map[*Attachment]bool
	err      error
	closed   bool
	taken    uint64
	typed    uint64
}

// New is a console of a guest that has no page yet.
func New(c Config) *Console {
	return &Console{config: c, history: newHistory(c.History), attached: map[*Attachment]bool{}}
}

// Connect serves a page until the context ends, the event channel is closed, or the guest does what it must not; that is the error. What
// is in the page is taken first: a page that another daemon served before goes on where that one stopped. It fails with ErrConnected if there
// is one already, and with ErrClosed.
func (c *Console) Connect(ctx context.Context, page *Page, events Events) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &line{console: c, events: events, logging: c.config.Log != nil, typed: make(chan struct{}, 1), come: make(chan struct{}, 1)}
	l.out, l.in = page.Daemon()
	c.mu.Lock()
	switch {
	case c.closed:
		c.mu.Unlock()
		return ErrClosed
	case c.wake != nil:
		c.mu.Unlock()
		return ErrConnected
	}
	c.wake, c.err = func() { raise(l.typed) }, nil
	c.mu.Unlock()

	listening := make(chan struct{})
	go func() {
		defer close(listening)
		l.listen(ctx)
	}()
	err := l.serve(ctx, listening)
	cancel()
	<-listening // or it would take an event that is for the next connection
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wake = nil
	if errors.Is(err, ring.ErrIndex) {
		err = backend.Misbehaved("%w", err)
		c.config.Journal.Warn("console disconnected", "guest", c.config.Name, "reason", err)
	}
	c.err = err
	return err
}

// took is what the guest has written.
func (c *Console) took(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken += uint64(len(p))
	c.history.add(p)
	for a := range c.attached {
		a.raise()
	}
}

// enter is for what somebody types.
func (c *Console) enter(p []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return ErrClosed
	case len(p) > c.config.Input-len(c.input):
		return fmt.Errorf("%s: %w", c.config.Name, ErrFull)
	}
	c.input = append(c.input, p...)
	c.typed += uint64(len(p))
	if c.wake != nil {
		c.wake()
	}
	return nil
}

// give has put take as much as there is room for of what was typed.
func (c *Console) give(put func([]byte) (int, error)) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, err = put(c.input); n > 0 {
		c.input = append(c.input[:0], c.input[n:]...)
	}
	return n, err
}

// History is the last that the guest wrote.
func (c *Console) History() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, _ := c.history.since(0)
	return p
}

// Stats is how much a console was used.
type Stats struct {
	Written, Typed uint64 // bytes
	Attached       int
	Connected      bool
}

// Stats is how much the console was used.
func (c *Console) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{c.taken, c.typed, len(c.attached), c.wake != nil}
}

// Err is why the last connection ended, or nil.
func (c *Console) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the console: the guest is gone for good. Those who are attached get what is left, and then io.EOF. A connection has to be
// ended by its context first.
func (c *Console) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for a := range c.attached {
		a.raise()
	}
}

func raise(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
