package main

import (
	"context"
	"errors"
	"fmt"

	"tuco/guestlib/blk"
	"tuco/guestlib/here"
	"tuco/guests/iobench/diskrows"
)

// disk measures reads and writes of the first disk, one at a time.
func disk(ctx context.Context, t *table) error {
	names, err := blk.Devices(here.Domain())
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return errors.New("disk: there is none")
	}
	d, err := blk.Open(ctx, here.Domain(), names[0])
	if err != nil {
		return err
	}
	defer d.Close()
	if err := diskrows.Measure(d, make([]byte, diskrows.Piece), t.measure); err != nil {
		return fmt.Errorf("disk: %w", err)
	}
	return nil
}
