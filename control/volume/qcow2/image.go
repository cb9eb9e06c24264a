package qcow2

import (
	"errors"
	"fmt"
	"io"
)

// Image is a qcow2 image that can be read.
type Image struct {
	header
	file  io.ReaderAt
	bytes int64 // the file's
}

// Open looks at an image in a file of that many bytes. An image that it accepts has all its tables and clusters in the file.
func Open(file io.ReaderAt, bytes int64) (*Image, error) {
	start := make([]byte, min(bytes, headerV3+8))
	if err := readFull(file, start, 0); err != nil {
		return nil, err
	}
	h, err := parseHeader(start)
	if err != nil {
		return nil, err
	}
	m := &Image{header: h, file: file, bytes: bytes}
	if err := m.each(func(int64, entry) error { return nil }); err != nil {
		return nil, err
	}
	return m, nil
}

// Size is the size of the disk that the image is of.
func (m *Image) Size() int64 { return m.size }

// sector is what writes are whole multiples of.
const sector = 512

// Fill writes all clusters that are no holes, in order. A write is of whole sectors, the last one filled with zeros.
func (m *Image) Fill(to io.WriterAt) error {
	cluster := make([]byte, m.cluster())
	d, err := newDecompressor(m.compression)
	if err != nil {
		return err
	}
	defer d.close()
	return m.each(func(off int64, e entry) error {
		n := min(m.cluster(), m.size-off)
		if err := m.read(d, cluster, e, n); err != nil {
			return err
		}
		whole := (n + sector - 1) / sector * sector
		clear(cluster[n:whole])
		_, err := to.WriteAt(cluster[:whole], off)
		return err
	})
}

// read reads the first n bytes of a cluster.
func (m *Image) read(d *decompressor, cluster []byte, e entry, n int64) error {
	if !e.compressed() {
		return readFull(m.file, cluster[:n], e.offset())
	}
	at, length := e.extent(m.clusterBits)
	err := d.fill(cluster, io.NewSectionReader(m.file, at, min(length, m.bytes-at)))
	if err != nil {
		return wrong("the compressed cluster at byte %d can't be decompressed: %v: get the whole image again", at, err)
	}
	return nil
}

// readFull reads what must be there.
func readFull(file io.ReaderAt, p []byte, off int64) error {
	if n, err := file.ReadAt(p, off); n < len(p) {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("the qcow2 image, at byte %d: %w", off+int64(n), err)
	}
	return nil
}
