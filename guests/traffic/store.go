package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"tuco/guestlib/xenbus"
)

// counter is a node of the store that is changed again and again, and a watch on it.
type counter struct {
	store *xenbus.Store
	watch *xenbus.Watch
}

const counted = "data/counted"

func newCounter(store *xenbus.Store) (*counter, error) {
	w, err := store.Watch(counted)
	if err != nil {
		return nil, err
	}
	return &counter{store, w}, store.Write(counted, "0")
}

// patience is how long an event may take.
const patience = 2 * time.Minute

// once adds one in a transaction, and waits until the watch tells of that.
func (c *counter) once(n int) error {
	err := c.store.Transact(func(tx *xenbus.Tx) error {
		text, err := tx.Read(counted)
		if err != nil {
			return err
		}
		if text != strconv.Itoa(n) {
			return fmt.Errorf("%s is %q, and was %d", counted, text, n)
		}
		return tx.Write(counted, strconv.Itoa(n+1))
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := c.watch.Wait(ctx); err != nil {
		return fmt.Errorf("waiting for the event of a change: %w", err)
	}
	time.Sleep(time.Millisecond)
	return nil
}
