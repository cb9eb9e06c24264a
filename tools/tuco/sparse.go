package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
)

// hole is the length of zeros that become a hole of a file.
const hole = 64 << 10

// writeImage makes a file of what fill writes, whole or not at all, and with holes where there are only zeros. It gives the file's length.
func writeImage(name string, fill func(io.Writer) error) (n int64, err error) {
	unfinished := name + ".part"
	f, err := os.Create(unfinished)
	if err != nil {
		return 0, usagef("%v", err)
	}
	s := &sparse{file: f}
	w := bufio.NewWriterSize(s, hole)
	if err = fill(w); err == nil {
		if err = w.Flush(); err == nil {
			err = f.Truncate(s.at) // it may end in a hole
		}
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(unfinished, name)
	}
	if err != nil {
		os.Remove(unfinished)
	}
	return s.at, err
}

// sparse writes a file one piece after the other, and leaves out pieces that are a hole.
type sparse struct {
	file *os.File
	at   int64
}

var zeros [hole]byte

func (s *sparse) Write(p []byte) (n int, err error) {
	if bytes.Equal(p, zeros[:]) {
		n = len(p)
	} else {
		n, err = s.file.WriteAt(p, s.at)
	}
	s.at += int64(n)
	return n, err
}
