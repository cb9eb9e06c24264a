package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"tuco/guests/iobench/diskrows"
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
	buffer, err := unix.Mmap(-1, 0, diskrows.Piece, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	return diskrows.Measure(direct{fd, size}, buffer, t.measure)
}

// direct is a disk whose requests are system calls, and nothing else.
type direct struct {
	fd   int
	size int64
}

func (d direct) Size() int64 { return d.size }

func (d direct) Flush() error { return unix.Fsync(d.fd) }

func (d direct) ReadAt(p []byte, at int64) (int, error) {
	n, err := unix.Pread(d.fd, p, at)
	return n, whole(n, p, at, err)
}

func (d direct) WriteAt(p []byte, at int64) (int, error) {
	n, err := unix.Pwrite(d.fd, p, at)
	return n, whole(n, p, at, err)
}

// whole has what was cut short be an error too.
func whole(n int, p []byte, at int64, err error) error {
	if err == nil && n != len(p) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("%d of %d bytes at %d: %w", n, len(p), at, err)
	}
	return nil
}
