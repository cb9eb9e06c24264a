package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const (
	block = 4 << 10
	piece = 1 << 20
)

// disk measures direct reads and writes of the first disk, one at a time.
func disk(t *table) error {
	const name = "/dev/xvda"
	if !await(func() bool { _, err := os.Stat(name); return err == nil }) {
		return fmt.Errorf("%s does not come", name)
	}
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_DIRECT, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	size, err := unix.Seek(fd, 0, unix.SEEK_END)
	if err != nil {
		return err
	}
	if size < 2*piece {
		return fmt.Errorf("%d bytes are too few: want 2 MiB", size)
	}
	buffer, err := unix.Mmap(-1, 0, piece, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	for i := range buffer {
		buffer[i] = byte(i)
	}
	for at := int64(0); at+piece <= size; at += piece { // a thin volume has nothing behind what was never written
		if _, err := unix.Pwrite(fd, buffer, at); err != nil {
			return err
		}
	}
	each := func(length int, transfer func(fd int, p []byte, off int64) (int, error)) func(n int) error {
		at := int64(0)
		return func(n int) error {
			for range n {
				if done, err := transfer(fd, buffer[:length], at); err != nil || done != length {
					return fmt.Errorf("%d of %d bytes at %d: %w", done, length, at, err)
				}
				if at += int64(length); at+int64(length) > size {
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
		size     int
		transfer func(fd int, p []byte, off int64) (int, error)
	}{
		{"block: 4 KiB read", many, block, unix.Pread},
		{"block: 4 KiB written", many, block, unix.Pwrite},
		{"block: 1 MiB read at once", few, piece, unix.Pread},
		{"block: 1 MiB written at once", few, piece, unix.Pwrite},
	} {
		if err := t.measure(r.op, r.n, each(r.size, r.transfer)); err != nil {
			return err
		}
	}
	return nil
}
