package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"tuco/control/config"
	"tuco/control/domains"
)

// bring brings the guests of the record back, and makes those that our ramdisk describes; one that is both is as our ramdisk says. If one of the latter can't be made, none of those that are
// new is, and the error says why. One of the others that can't be made is in the list with the reason.
func bring(m *domains.Manager, k *keeping, guests []*config.Guest, log *slog.Logger) error {
	for _, g := range guests {
		if err := k.adopt(g); err != nil {
			return fmt.Errorf("guest %q: keeping its kernel and ramdisk: %w", g.Name, err)
		}
	}
	err := m.Restore(guests...)
	switch {
	case errors.Is(err, domains.ErrRecord):
		return err
	case err != nil:
		log.Error("not all guests on record are back", "error", err)
	}
	var made []string
	for _, g := range guests {
		is, err := isThere(m, g.Name)
		if err == nil && !is {
			if err = m.Create(g); err == nil {
				made = append(made, g.Name)
			}
		}
		if err != nil {
			err = fmt.Errorf("guest %q: %w", g.Name, err)
			for _, name := range made {
				err = errors.Join(err, m.Destroy(name))
			}
			return errors.Join(err, leave(m, 0))
		}
	}
	return nil
}

// isThere tells whether the record has brought a guest back. The error is why it could not.
func isThere(m *domains.Manager, name string) (bool, error) {
	all := m.List()
	k := slices.IndexFunc(all, func(i domains.Info) bool { return i.Config.Name == name })
	if k < 0 {
		return false, nil
	}
	if all[k].State == domains.Failed {
		return true, errors.New(all[k].Why)
	}
	return true, nil
}

// leave ends all guests, which have some time to do it themselves. Those on record stay there.
func leave(m *domains.Manager, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return m.Leave(ctx)
}
