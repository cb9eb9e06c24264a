package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"

	"tuco/guestlib/blk"
	"tuco/guestlib/frontend"
)

// disks tries each disk that there is.
func disks(ctx context.Context, domain frontend.Domain, write bool) error {
	names, err := blk.Devices(domain)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := disk(ctx, domain, name, write); err != nil {
			return fmt.Errorf("disk %s: %w", name, err)
		}
	}
	return nil
}

func disk(ctx context.Context, domain frontend.Domain, name string, write bool) error {
	d, err := blk.Open(ctx, domain, name)
	if err != nil {
		return err
	}
	fmt.Printf("devices: disk %s: %+v\n", name, d.Info())
	if write && !d.Info().ReadOnly {
		const most = 16 << 20
		if err := fill(d, most, 1); err != nil {
			return err
		}
	}
	fmt.Printf("devices: disk %s: %+v\n", name, d.Stats())
	if err := d.Close(); err != nil {
		return err
	}
	if _, err := d.ReadAt(make([]byte, 1), 0); err == nil {
		return fmt.Errorf("it can be read though it is closed")
	}
	return nil
}

// fill writes a pattern from several goroutines, and reads it again: most bytes at most.
func fill(d *blk.Disk, most int64, seed byte) error {
	const piece, writers = 192 << 10, 4
	size := min(d.Size(), most) / (piece * writers) * piece * writers
	want := make([]byte, size)
	random := rand.NewChaCha8([32]byte{seed})
	if _, err := io.ReadFull(random, want); err != nil {
		return err
	}
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for w := range errs {
		wg.Go(func() {
			for at := int64(w) * piece; at < size && errs[w] == nil; at += piece * writers {
				_, errs[w] = d.WriteAt(want[at:at+piece], at)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	if err := d.Flush(); err != nil {
		return err
	}
	got := make([]byte, size)
	if _, err := d.ReadAt(got, 0); err != nil {
		return err
	}
	if !bytes.Equal(want, got) {
		return fmt.Errorf("it has something else than was written")
	}
	return nil
}
