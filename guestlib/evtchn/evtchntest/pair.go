// Package evtchntest is event channels in memory, for tests on the host.
package evtchntest

import (
	"context"
	"sync"

	"tuco/guestlib/evtchn"
)

// An End is one end of a channel. It has the methods of evtchn.Channel that need no hypervisor.
type End struct {
	come   chan struct{} // an event that has come, or nothing
	other  *End
	closed chan struct{}
	once   sync.Once
}

// Pair is a channel's two ends.
func Pair() (a, b *End) {
	a, b = newEnd(), newEnd()
	a.other, b.other = b, a
	return a, b
}

func newEnd() *End { return &End{come: make(chan struct{}, 1), closed: make(chan struct{})} }

// Notify sends an event to the other end. Several are one.
func (e *End) Notify() error {
	select {
	case <-e.closed:
		return evtchn.ErrClosed
	default:
	}
	select {
	case e.other.come <- struct{}{}:
	default:
	}
	return nil
}

// Wait waits for an event. The error is evtchn.ErrClosed or the context's.
func (e *End) Wait(ctx context.Context) error {
	select {
	case <-e.closed:
		return evtchn.ErrClosed
	default:
	}
	select {
	case <-e.come:
		return nil
	case <-e.closed:
		return evtchn.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close closes this end.
func (e *End) Close() error {
	err := evtchn.ErrClosed
	e.once.Do(func() {
		close(e.closed)
		err = nil
	})
	return err
}
