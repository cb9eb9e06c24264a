package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"tuco/guestlib/blk"
	"tuco/guestlib/frontend"
)

// disk uses a disk.
func disk(ctx context.Context, domain frontend.Domain, name string) error {
	d, err := blk.Open(ctx, domain, name)
	if err != nil {
		return err
	}
	defer d.Close()
	named := func(err error) error { // of these the library does not say where they come from
		if errors.Is(err, blk.ErrIO) || errors.Is(err, frontend.ErrClosed) {
			return fmt.Errorf("vbd/%s: %w", name, err)
		}
		return err
	}
	size := d.Size()
	return again(d, ctx, func(n int) error {
		for _, at := range [...]int64{0, int64(n) * 512, size - 5000, size - 1} {
			g := newGuarded(5000)
			read, err := d.ReadAt(g.room, max(at, 0))
			if err != nil && err != io.EOF {
				return named(err)
			}
			if err := g.intact(read); err != nil {
				return err
			}
		}
		if _, err := d.WriteAt(make([]byte, 8192), 0); err != nil {
			return named(err)
		}
		return named(d.Flush())
	})
}

// guarded is room for what a back end says there is, with something around it that has to stay.
type guarded struct {
	all, room []byte
}

const (
	around = 512
	mark   = 0xa5
)

func newGuarded(size int) *guarded {
	g := &guarded{all: make([]byte, around+size+around)}
	for i := range g.all {
		g.all[i] = mark
	}
	g.room = g.all[around : around+size : around+size]
	return g
}

// intact fails if anything has been written but the first bytes of the room.
func (g *guarded) intact(written int) error {
	for i, b := range g.all {
		if b != mark && (i < around || i >= around+written) {
			return fmt.Errorf("byte %d was written of a room that begins at %d, with %d bytes that came", i, around, written)
		}
	}
	return nil
}
