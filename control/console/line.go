package console

import (
	"context"
	"time"

	"tuco/control/limit"
	"tuco/ring"
)

// line is a console's connection with a page.
type line struct {
	console *Console
	events  Events
	logging bool
	out, in ring.Bytes
	typed   chan struct{} // somebody has typed
	come    chan struct{} // an event has
	failed  error         // why no more events come
}

// listen hands events on.
func (l *line) listen(ctx context.Context) {
	for {
		if l.failed = l.events.Wait(ctx); l.failed != nil {
			return
		}
		raise(l.come)
	}
}

// serve moves bytes whenever there may be some. It looks before it waits, so nothing that came before is missed. A guest that sends events with nothing
// behind them has to wait.
func (l *line) serve(ctx context.Context, listening <-chan struct{}) error {
	buffer := make([]byte, outSize)
	defer l.last(buffer)
	var idle limit.Idle
	for {
		moved, err := l.move(ctx, buffer)
		wait := idle.Looked(moved)
		switch {
		case err != nil:
			return err
		case moved:
			continue
		case wait > 0:
			if err := l.pause(ctx, wait); err != nil {
				return err
			}
		}
		select {
		case <-l.come:
		case <-l.typed:
		case <-listening:
			return l.failed
		}
	}
}

// outSize is how much the ring has room for, of what the guest writes.
const outSize = len(Page{}.Out)

// last takes what the guest has written by now, without waiting: it may be gone.
func (l *line) last(buffer []byte) {
	if n, err := l.out.Take(buffer); err == nil && n > 0 {
		_ = l.events.Notify() // there is room
		l.console.took(buffer[:n])
		l.log(buffer[:n])
	}
}

// move takes what the guest has written, and gives it what was typed. It tells whether there was any of that.
func (l *line) move(ctx context.Context, buffer []byte) (moved bool, err error) {
	n, err := l.out.Take(buffer)
	if err != nil {
		return false, err
	}
	if n > 0 {
		_ = l.events.Notify() // there is room
		l.console.took(buffer[:n])
		l.log(buffer[:n])
	}
	m, err := l.console.give(l.in.Put)
	if err != nil {
		return false, err
	}
	if m > 0 {
		_ = l.events.Notify()
	}
	if wait := l.console.config.Rate.Take(n, l.console.config.Clock.Now()); wait > 0 {
		if err := l.pause(ctx, wait); err != nil {
			return false, err
		}
	}
	return n+m > 0, ctx.Err()
}

// pause waits for a time, or for the end.
func (l *line) pause(ctx context.Context, wait time.Duration) error {
	select {
	case <-l.console.config.Clock.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// log writes the log, as long as that can be.
func (l *line) log(p []byte) {
	if !l.logging {
		return
	}
	if _, err := l.console.config.Log.Write(p); err != nil {
		l.logging = false
		l.console.config.Journal.Error("console no longer logged", "guest", l.console.config.Name, "reason", err)
	}
}
