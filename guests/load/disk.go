package main

import (
	"fmt"
	"io"
)

// disk is a blk.Disk.
type disk interface {
	io.ReaderAt
	io.WriterAt
	Size() int64
	Flush() error
}

// write checks what is on the disk, and then writes for ever.
func write(d disk, flushed []span) error {
	last, err := check(d, flushed)
	if err != nil {
		return err
	}
	fmt.Printf("load: the disk is as it should be; round %d is the next\n", last+1)
	for round := last + 1; ; round++ {
		if err := writeRound(d, round); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		fmt.Printf("load: flushed %d\n", round)
	}
}

// check looks whether each block is what a round has made it that is not before the last one known to be flushed. It returns the last round of which there is anything.
func check(d disk, flushed []span) (last uint64, err error) {
	blocks := int(d.Size() / block)
	least := required(flushed, blocks)
	for _, s := range flushed {
		last = max(last, s.to)
	}
	var room [64 * block]byte
	for b := 0; b < blocks; b += len(room) / block {
		some := room[:min(len(room), (blocks-b)*block)]
		if _, err := d.ReadAt(some, int64(b)*block); err != nil {
			return 0, err
		}
		for k := 0; k < len(some); k += sector {
			at := b*block + k
			round, err := roundOf(some[k:k+sector], uint64(at))
			if err != nil {
				return 0, err
			}
			if want := least[at/block]; round < want {
				return 0, fmt.Errorf("the sector at %d is of round %d, and round %d was flushed", at, round, want)
			}
			last = max(last, round)
		}
	}
	return last, nil
}

// writeRound writes a round's extents side by side, and makes them durable.
func writeRound(d disk, round uint64) error {
	all := extentsOf(round, int(d.Size()/block))
	errs := make(chan error, len(all))
	for _, e := range all {
		go func() {
			p := make([]byte, e.n*block)
			for k := range e.n {
				fill(p[k*block:][:block], round, e.first+k)
			}
			_, err := d.WriteAt(p, int64(e.first)*block)
			errs <- err
		}()
	}
	var failed error
	for range all {
		if err := <-errs; err != nil {
			failed = err
		}
	}
	if failed != nil {
		return failed
	}
	return d.Flush()
}
