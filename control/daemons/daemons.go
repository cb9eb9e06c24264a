// Package daemons is the control domain's room of daemons: who serves guests, and how one of them is started anew while they go on.
//
// A restart is what an operator does to a daemon that doesn't do what it should. The daemon finishes what it has begun with each guest, gives back what it has
// of theirs, and another takes its place, which finds out from the store, the guests' pages and the host's disk where the first one stopped. The guests see a pause. How
// that is done is each daemon's own business; see control/backend, control/store/serve and control/console.
package daemons

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// Daemon is one that can be restarted.
type Daemon struct {
	Name string
	Service
}

// Service is what a daemon does for guests.
type Service interface {
	Restart(context.Context) error // ends the daemon that runs, and starts another
	Clients() int                  // how many devices or connections of guests there are
}

// Info is a daemon as a list shows it.
type Info struct {
	Name     string
	Started  time.Time // the one that runs
	Restarts int
	Clients  int
	Failed   string // why the last restart did not succeed, if it didn't
}

// ErrUnknown says that there is no daemon of a name.
var ErrUnknown = errors.New("no such daemon")

// patience is how long a daemon has to finish what it has begun.
const patience = 30 * time.Second

// Room is all daemons. Its methods may be called by several goroutines at once.
type Room struct {
	log *slog.Logger
	now func() time.Time

	all []*entry
}

type entry struct {
	daemon Daemon
	turn   sync.Mutex // one restart at a time

	mu   sync.Mutex
	info Info
}

// New is a room of daemons that have just been started.
func New(log *slog.Logger, now func() time.Time, all ...Daemon) *Room {
	r := &Room{log: log, now: now}
	for _, d := range all {
		r.all = append(r.all, &entry{daemon: d, info: Info{Name: d.Name, Started: now()}})
	}
	return r
}

// List is the daemons, in the order in which they were given.
func (r *Room) List() (list []Info) {
	for _, e := range r.all {
		e.mu.Lock()
		info := e.info
		e.mu.Unlock()
		info.Clients = e.daemon.Clients()
		list = append(list, info)
	}
	return list
}

// Restart restarts a daemon, and returns when the new one serves. It fails with ErrUnknown, or as the daemon does; then another try
// may succeed.
func (r *Room) Restart(name string) error {
	k := slices.IndexFunc(r.all, func(e *entry) bool { return e.daemon.Name == name })
	if k < 0 {
		var names []string
		for _, e := range r.all {
			names = append(names, e.daemon.Name)
		}
		return fmt.Errorf("%w: %q; there are %s", ErrUnknown, name, strings.Join(names, ", "))
	}
	e := r.all[k]
	e.turn.Lock()
	defer e.turn.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	began := r.now()
	err := e.daemon.Restart(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		e.info.Failed = err.Error()
		r.log.Error("daemon not restarted", "daemon", name, "error", err)
		return fmt.Errorf("restarting the daemon %s: %w; try again", name, err)
	}
	e.info.Started, e.info.Failed = r.now(), ""
	e.info.Restarts++
	r.log.Info("daemon restarted", "daemon", name, "took", e.info.Started.Sub(began))
	return nil
}
