package build

import (
	"bufio"
	"fmt"
	"io"

	"tuco/control/pack"
)

// File is a kernel's or a ramdisk's file, wherever it is. It may be packed.
type File interface {
	io.ReaderAt
	Size() int64
}

// content is what a file has, unpacked. It is read on and on; going back costs reading anew what is packed.
type content struct {
	size int64
	at   int64
	from *bufio.Reader

	file   File
	packed *pack.Reader // nil: it isn't
}

// readAhead is how much is read at once of a file, which may be on a disk.
const readAhead = 64 << 10

// open begins to read a file.
func open(f File) (*content, error) {
	c := &content{size: f.Size(), file: f, from: bufio.NewReaderSize(nil, readAhead)}
	if pack.Is(f) {
		r, err := pack.NewReader(f, f.Size())
		if err != nil {
			return nil, err
		}
		c.packed, c.size = r, r.Size()
		c.from.Reset(r)
	} else {
		c.jump(0)
	}
	return c, nil
}

// jump goes on elsewhere in a file that isn't packed.
func (c *content) jump(to int64) {
	c.from.Reset(io.NewSectionReader(c.file, to, c.size-to))
	c.at = to
}

// seek goes on at an offset of the content, which is within it.
func (c *content) seek(to int64) error {
	switch {
	case to == c.at:
		return nil
	case c.packed == nil:
		c.jump(to)
		return nil
	case to < c.at:
		if err := c.packed.Rewind(); err != nil {
			return err
		}
		c.from.Reset(c.packed)
		c.at = 0
	}
	n, err := io.CopyN(io.Discard, c.from, to-c.at)
	c.at += n
	return c.failed(err)
}

// fill reads the next bytes, as many as are asked for.
func (c *content) fill(p []byte) error {
	n, err := io.ReadFull(c.from, p)
	c.at += int64(n)
	return c.failed(err)
}

func (c *content) failed(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("the file ends at %d of %d bytes", c.at, c.size)
	}
	return err
}
