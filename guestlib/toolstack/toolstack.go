// Package toolstack does what the domain's toolstack asks for by the store: to power off, to reboot, to be saved, and to have more
// memory or less.
//
// In domain 0 there is no store, and nobody asks.
package toolstack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"tuco/guestlib/balloon"
	"tuco/guestlib/power"
	"tuco/guestlib/xenbus"
)

// shutdownPath is where a request stands. Who takes it empties the node, so that the toolstack sees that somebody has.
const shutdownPath = "control/shutdown"

// actions is what is done for a request.
var actions = map[string]func() error{
	"poweroff": func() error { power.End(power.PowerOff); return nil },
	"halt":     func() error { power.End(power.PowerOff); return nil },
	"reboot":   func() error { power.End(power.Reboot); return nil },
	"suspend":  func() error { _, err := power.Suspend(); return err },
}

// Follow does what is asked for until the context ends or the store is gone, and returns which.
func Follow(ctx context.Context, store *xenbus.Store) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 2)
	go func() { ended <- balloon.Follow(ctx, store) }()
	go func() { ended <- follow(ctx, store, actions) }()
	err := <-ended
	cancel()
	<-ended
	return err
}

func follow(ctx context.Context, store *xenbus.Store, actions map[string]func() error) error {
	w, err := store.Watch(shutdownPath)
	if err != nil {
		return err
	}
	defer w.Stop()
	for name := range actions {
		// The toolstack asks only for what it is told of. Where the domain may not write that, nobody will ask.
		if err := store.Write("control/feature-"+name, "1"); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	for {
		if _, err := w.Wait(ctx); err != nil {
			return err
		}
		request, err := take(store)
		if err != nil {
			return err
		}
		do, known := actions[request]
		switch {
		case request == "":
		case !known:
			fmt.Fprintf(os.Stderr, "guest: the toolstack asks for %q, which is nothing that this library does\n", request)
		default:
			if err := do(); err != nil {
				fmt.Fprintf(os.Stderr, "guest: the toolstack asks for %s: %v\n", request, err)
			}
		}
	}
}

// take takes a request out of the store.
func take(store *xenbus.Store) (request string, err error) {
	err = store.Transact(func(tx *xenbus.Tx) error {
		text, err := tx.Read(shutdownPath)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			request = ""
			return nil
		case err != nil:
			return err
		}
		if request = strings.TrimSpace(text); request == "" {
			return nil
		}
		return tx.Write(shutdownPath, "")
	})
	return request, err
}
