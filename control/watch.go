package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tuco/control/domains"
	"tuco/control/images"
	"tuco/guestlib/evtchn"
)

// watch looks after the guests.
type watch struct {
	guests *domains.Manager
	images *images.Store
	log    *slog.Logger
	ends   *evtchn.Channel
	keep   bool // the host goes on without a guest

	earlier map[domains.Handle]bool // crashes of the host's earlier starts

	ended context.Context // when somebody has said that the host is to end
	end   context.CancelFunc
	stop  func() // whoever makes further guests
}

func newWatch(m *domains.Manager, i *images.Store, log *slog.Logger, ends *evtchn.Channel, keep bool) *watch {
	w := &watch{guests: m, images: i, log: log, ends: ends, keep: keep, earlier: map[domains.Handle]bool{}}
	for _, r := range m.Reports("") {
		w.earlier[r.Handle] = true
	}
	w.ended, w.end = context.WithCancel(context.Background())
	return w
}

// endPatience is how long guests have to power off when the host is to end.
const endPatience = 10 * time.Second

// run looks after the guests until none runs any more, or the host is to end. Whatever is left then goes, and stays on record. It fails if the last guests have left something to
// tell.
func (w *watch) run() error {
	for w.ended.Err() == nil && (w.keep || running(w.guests)) {
		if err := w.wait(); err != nil {
			return err
		}
		if err := w.guests.Poll(); err != nil {
			w.log.Error("looking after guests", "error", err)
		}
		w.sweep()
	}
	w.stop()
	if w.ended.Err() != nil {
		return leave(w.guests, endPatience)
	}
	err := errors.Join(w.verdict(), leave(w.guests, 0))
	w.sweep()
	return err
}

// verdict is what has gone wrong with guests.
func (w *watch) verdict() (err error) {
	for _, i := range w.guests.List() {
		if i.State == domains.Failed {
			err = errors.Join(err, errors.New(i.Why))
		}
	}
	for _, r := range w.guests.Reports("") {
		if w.earlier[r.Handle] {
			continue
		}
		err = errors.Join(err, fmt.Errorf("guest %q has crashed: %s, after %v", r.Guest, r.Reason, r.Lived.Round(time.Millisecond)))
	}
	return err
}

// sweep deletes images of guests that are gone.
func (w *watch) sweep() {
	err := w.images.Sweep(w.guests.Files)
	if err != nil {
		w.log.Error("deleting images of guests that are gone", "error", err)
	}
}

// wait waits for the end of a domain, or of the host, or a second: Poll also has to try again what has failed.
func (w *watch) wait() error {
	ctx, cancel := context.WithTimeout(w.ended, time.Second)
	defer cancel()
	if err := w.ends.Wait(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

func running(m *domains.Manager) bool {
	for _, i := range m.List() {
		if i.State != domains.Ended && i.State != domains.Failed {
			return true
		}
	}
	return false
}
