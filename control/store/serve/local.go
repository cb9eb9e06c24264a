package serve

import (
	"context"
	"io"
	"sync"

	"tuco/ring/xenstore"
)

// A bell is an end of an event channel between two that are in this program.
type bell struct {
	rung   chan struct{} // something to hear, or nothing
	closed chan struct{} // this end is
	once   sync.Once
	other  *bell
}

func bells() (a, b *bell) {
	a = &bell{rung: make(chan struct{}, 1), closed: make(chan struct{})}
	b = &bell{rung: make(chan struct{}, 1), closed: make(chan struct{}), other: a}
	a.other = b
	return a, b
}

// Notify rings the other end's bell. Several times are once.
func (b *bell) Notify() error {
	select {
	case b.other.rung <- struct{}{}:
	default:
	}
	return nil
}

// Wait waits for the bell. io.EOF: the other end, or this one, is closed.
func (b *bell) Wait(ctx context.Context) error {
	select {
	case <-b.rung:
		return nil
	case <-b.closed:
		return io.EOF
	case <-b.other.closed:
		return io.EOF
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close closes this end, and with it the other.
func (b *bell) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

// newLocal is a page and a channel like a domain's, within this program.
func newLocal() (daemon, peer Link) {
	page := new(xenstore.Page)
	a, b := bells()
	return Link{Page: page, Events: a}, Link{Page: page, Events: b}
}
