package store

import (
	"slices"

	"tuco/guestlib/xenbus/wire"
)

// A queue is events that a client has not taken. It does not grow beyond the quota: a watch for whose event there is no room has
// one event, of its own path, when all others are taken.
type queue struct {
	events []event
	bytes  int // of their paths
	missed []*watch
	full   bool // it was, and the log says so
}

type event struct {
	watch *watch
	path  string
}

// post puts an event of a watch behind those that the client has not taken.
func (c *Client) post(w *watch, path string) {
	q, quota := &c.events, c.store.quota
	empty := len(q.events) == 0 && len(q.missed) == 0
	switch {
	case w.missed: // it will look at everything
		return
	case len(q.events) < quota.Events && q.bytes < quota.EventBytes:
		q.events = append(q.events, event{w, path})
		q.bytes += len(path)
	default:
		w.missed = true
		q.missed = append(q.missed, w)
		if !q.full {
			q.full = true
			c.store.log.Warn("a domain doesn't take its watches' events: they become one for each watch", "domain", c.domain.id, "events", len(q.events))
		}
	}
	if empty && c.wake != nil {
		c.wake()
	}
}

// Next takes the next event.
func (c *Client) Next() (m wire.Message, ok bool) {
	q := &c.events
	switch {
	case len(q.events) > 0:
		e := q.events[0]
		q.events[0] = event{}
		q.events = q.events[1:]
		q.bytes -= len(e.path)
		return e.watch.event(e.path), true
	case len(q.missed) > 0:
		w := q.missed[0]
		q.missed = q.missed[1:]
		w.missed = false
		return w.event(w.path), true
	}
	return m, false
}

// drop forgets a watch's events.
func (q *queue) drop(w *watch) {
	q.missed = slices.DeleteFunc(q.missed, func(other *watch) bool { return other == w })
	q.events = slices.DeleteFunc(q.events, func(e event) bool {
		if e.watch == w {
			q.bytes -= len(e.path)
		}
		return e.watch == w
	})
}
