package qcow2

import (
	"compress/flate"
	"io"

	"github.com/klauspost/compress/zstd"
)

// decompressor decompresses cluster after cluster.
type decompressor struct {
	flate io.ReadCloser
	zstd  *zstd.Decoder
}

// maxWindow bounds what a Zstandard frame may ask for: twice the largest cluster.
const maxWindow = 2 << 21

func newDecompressor(kind byte) (*decompressor, error) {
	if kind == deflate {
		return &decompressor{flate: flate.NewReader(nil)}, nil
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	return &decompressor{zstd: d}, err
}

// fill fills a cluster. What follows the compressed data is ignored.
func (d *decompressor) fill(cluster []byte, from io.Reader) error {
	var r io.Reader = d.flate
	var err error
	if d.zstd != nil {
		r, err = d.zstd, d.zstd.Reset(from)
	} else {
		err = d.flate.(flate.Resetter).Reset(from, nil)
	}
	if err == nil {
		_, err = io.ReadFull(r, cluster)
	}
	return err
}

func (d *decompressor) close() {
	if d.zstd != nil {
		d.zstd.Close()
	}
}
