// Package diskrows is what is measured of a disk, in a Go guest and in a Linux alike, so that their figures are of the same work.
package diskrows

import (
	"fmt"
	"io"
)

const (
	block = 4 << 10
	// Piece is how large a buffer is that Measure works with.
	Piece = 1 << 20
)

// A Disk is read and written one request at a time.
type Disk interface {
	io.ReaderAt
	io.WriterAt
	Size() int64
	Flush() error
}

// Measure has measure measure each row: a function that does something so many times. It fills the disk first, for good: a thin volume has nothing behind
// what was never written.
func Measure(d Disk, buffer []byte, measure func(op string, n int, do func(n int) error) error) error {
	if d.Size() < 2*Piece {
		return fmt.Errorf("%d bytes are too few: want 2 MiB", d.Size())
	}
	for i := range buffer {
		buffer[i] = byte(i)
	}
	for at := int64(0); at+Piece <= d.Size(); at += Piece {
		if _, err := d.WriteAt(buffer, at); err != nil {
			return err
		}
	}
	if err := d.Flush(); err != nil {
		return err
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
		{"block: 1 MiB read at once", few, Piece, d.ReadAt},
		{"block: 1 MiB written at once", few, Piece, d.WriteAt},
	} {
		if err := measure(r.op, r.n, each(d.Size(), buffer[:r.size], r.transfer)); err != nil {
			return err
		}
	}
	return nil
}

// each transfers one buffer after the other, and begins anew at the disk's end.
func each(size int64, buffer []byte, transfer func(p []byte, off int64) (int, error)) func(n int) error {
	at := int64(0)
	return func(n int) error {
		for range n {
			if _, err := transfer(buffer, at); err != nil {
				return err
			}
			if at += int64(len(buffer)); at+int64(len(buffer)) > size {
				at = 0
			}
		}
		return nil
	}
}
