package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"tuco/guestlib/blk"
	"tuco/guestlib/frontend"
	"tuco/guestlib/netfront"
)

// goOn uses the devices that are as they should be until the others are done, and once more.
func goOn(domain frontend.Domain, over <-chan struct{}) error {
	ctx := context.Background()
	d, err := blk.Open(ctx, domain, "0")
	if err != nil {
		return err
	}
	a, err := netfront.Open(ctx, domain, "0")
	if err != nil {
		return err
	}
	b, err := netfront.Open(ctx, domain, "1")
	if err != nil {
		return err
	}
	for round, last := 0, false; !last; round++ {
		const rest = 10 * time.Millisecond // for others
		time.Sleep(rest)
		select {
		case <-over:
			last = true
		default:
		}
		if err := errors.Join(writeAndRead(d, byte(round)), exchange(a, b), exchange(b, a)); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return errors.Join(d.Close(), a.Close(), b.Close())
}

// writeAndRead writes to a disk and reads that again.
func writeAndRead(d *blk.Disk, what byte) error {
	const size = 128 << 10
	want, got := bytes.Repeat([]byte{what, ^what, 7}, size/3+1)[:size], make([]byte, size)
	if _, err := d.WriteAt(want, 4096); err != nil {
		return err
	}
	if err := d.Flush(); err != nil {
		return err
	}
	if _, err := d.ReadAt(got, 4096); err != nil {
		return err
	}
	if !bytes.Equal(want, got) {
		return errors.New("something else is read than was written")
	}
	return nil
}
