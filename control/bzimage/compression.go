package bzimage

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"
)

// A compression is one that Linux's build offers.
type compression struct {
	name  string
	magic string
	sized bool // the format ends with the size of what it holds
	open  func(io.Reader) (io.Reader, error)
}

// windowMax is as far back as a Zstandard stream may refer. Linux is built with zstd --ultra -22, which is this.
const windowMax = 128 << 20

// magicMax is the length of the longest magic number.
const magicMax = 6

var compressions = []compression{
	{"gzip", "\x1f\x8b", true, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"XZ", "\xfd7zXZ\x00", false, func(r io.Reader) (io.Reader, error) { return xz.NewReader(r, 0) }},
	{"LZ4", "\x02\x21\x4c\x18", false, func(r io.Reader) (io.Reader, error) { return lz4.NewReader(r), nil }},
	{"Zstandard", "\x28\xb5\x2f\xfd", false, func(r io.Reader) (io.Reader, error) {
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(windowMax))
	}},
	{"bzip2", "BZh", false, func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
	{"LZMA", "\x5d\x00\x00", false, nil},
	{"LZO", "\x89LZO\x00", false, nil},
}

// compressionOf knows a compression by its magic number; nil: it does not.
func compressionOf(payload []byte) *compression {
	for i := range compressions {
		if bytes.HasPrefix(payload, []byte(compressions[i].magic)) {
			return &compressions[i]
		}
	}
	return nil
}
