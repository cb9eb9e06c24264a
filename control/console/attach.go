package console

import (
	"context"
	"io"
	"sync"
)

// Attachment is somebody at a console.
type Attachment struct {
	console *Console
	changed chan struct{}
	gone    chan struct{}
	once    sync.Once
	at      uint64 // what was read up to
}

// Attach is for somebody who wants to see what the guest writes from now on, after the last bytes of what it has written, and to
// type. It fails with ErrClosed.
func (c *Console) Attach(last int) (*Attachment, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	a := &Attachment{console: c, changed: make(chan struct{}, 1), gone: make(chan struct{})}
	a.at = c.history.end - min(c.history.end, uint64(max(last, 0)))
	c.attached[a] = true
	return a, nil
}

// Read waits for what the guest writes, and returns what is new. Missed is how many bytes were written before that and are lost, because
// the reader was slower than the history is long. It fails with io.EOF when the console or the attachment is closed and all was read, and with
// the context's error.
func (a *Attachment) Read(ctx context.Context) (p []byte, missed uint64, err error) {
	c := a.console
	for {
		c.mu.Lock()
		p, begin := c.history.since(a.at)
		closed := c.closed
		missed, a.at = begin-a.at, c.history.end
		c.mu.Unlock()
		if len(p) > 0 {
			return p, missed, nil
		}
		if closed {
			return nil, 0, io.EOF
		}
		select {
		case <-a.changed:
		case <-a.gone:
			return nil, 0, io.EOF
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

// Write types. All or nothing: it fails with ErrFull where the guest has no room, and with ErrClosed.
func (a *Attachment) Write(p []byte) (n int, err error) {
	select {
	case <-a.gone:
		return 0, ErrClosed
	default:
	}
	if err := a.console.enter(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Detach ends it: who reads gets io.EOF.
func (a *Attachment) Detach() {
	a.once.Do(func() {
		close(a.gone)
		a.console.mu.Lock()
		defer a.console.mu.Unlock()
		delete(a.console.attached, a)
	})
}

func (a *Attachment) raise() { raise(a.changed) }
