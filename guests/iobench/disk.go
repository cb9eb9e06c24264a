package main

import (
	"context"
	"errors"
	"fmt"

	"tuco/guestlib/blk"
	"tuco/guestlib/here"
)

const (
	block = 4 << 10
	piece = 1 << 20
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
	if d.Size() < 2*piece {
		return fmt.Errorf("disk: %d bytes are too few: want 2 MiB", d.Size())
	}
	buffer := make([]byte, piece)
	for i := range buffer {
		buffer[i] = byte(i)
	}
	for at := int64(0); at+piece <= d.Size(); at += piece { // a thin volume has nothing behind what was never written
		if _, err := d.WriteAt(buffer, at); err != nil {
			return err
		}
	}
	if err := d.Flush(); err != nil {
		return err
	}
	each := func(size int64, transfer func(p []byte, off int64) (int, error)) func(n int) error {
		at := int64(0)
		return func(n int) error {
			for range n {
				if _, err := transfer(buffer[:size], at); err != nil {
					return err
				}
				if at += size; at+size > d.Size() {
					at = 0
				}
			}
			return nil
		}
	}
	const many, few = 2000, 16
	for _, r := range []struct {
		op       string
		n        int
		size     int64
		transfer func(p []byte, off int64) (int, error)
	}{
		{"block: 4 KiB read", many, block, d.ReadAt},
		{"block: 4 KiB written", many, block, d.WriteAt},
		{"block: 1 MiB read at once", few, piece, d.ReadAt},
		{"block: 1 MiB written at once", few, piece, d.WriteAt},
	} {
		if err := t.measure(r.op, r.n, each(r.size, r.transfer)); err != nil {
			return err
		}
	}
	return nil
}
