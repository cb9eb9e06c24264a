package qcow2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

var be = binary.BigEndian

const (
	magic = "QFI\xfb"

	headerV2 = 72
	headerV3 = 104

	maxL1 = 32 << 20 // bytes: QEMU's limit too
)

// Incompatible features: who doesn't know one can't read the image.
const (
	featureDirty       = 1 << 0 // the reference counts may be wrong: nothing to a reader
	featureCorrupt     = 1 << 1
	featureDataFile    = 1 << 2
	featureCompression = 1 << 3 // the header's compression type counts
	featureExtendedL2  = 1 << 4
)

// Compression types.
const (
	deflate   = 0
	zstandard = 1
)

// header is what a reader needs of a file's.
type header struct {
	clusterBits uint
	size        int64
	l1          int64 // byte in the file
	compression byte
}

// ErrFormat is wrapped by all that is wrong with an image itself.
var ErrFormat = errors.New("not a qcow2 image that can be read")

func wrong(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrFormat, fmt.Sprintf(format, a...))
}

const flatten = "convert it with: qemu-img convert -O qcow2 OLD NEW"

// parseHeader reads the start of a file, which has as many bytes as there are.
func parseHeader(b []byte) (header, error) {
	var h header
	if len(b) < headerV2 || string(b[:4]) != magic {
		return h, wrong("it doesn't begin as one does: is it a raw image?")
	}
	version := be.Uint32(b[4:])
	bits := be.Uint32(b[20:])
	h = header{clusterBits: uint(bits), size: int64(be.Uint64(b[24:])), l1: int64(be.Uint64(b[40:]))}
	switch {
	case version != 2 && version != 3:
		return h, wrong("version %d: 2 and 3 are known; %s", version, flatten)
	case bits < 9 || bits > 21:
		return h, wrong("clusters of 2^%d bytes: 2^9 to 2^21 are possible", bits)
	case h.size < 0:
		return h, wrong("a disk of %d bytes", uint64(h.size))
	case be.Uint64(b[8:]) != 0:
		return h, wrong("it has a backing file, which isn't imported with it: %s", flatten)
	case be.Uint32(b[32:]) != 0:
		return h, wrong("it is encrypted: %s, with its key", flatten)
	}
	if version == 3 {
		if err := h.parseFeatures(b); err != nil {
			return h, err
		}
	}
	switch entries := be.Uint32(b[36:]); {
	case h.l1Entries()*8 > maxL1:
		return h, wrong("a disk of %d bytes, in clusters of %d: the L1 table would be too large", h.size, h.cluster())
	case int64(entries) < h.l1Entries():
		return h, wrong("the L1 table has %d entries, and a disk of %d bytes needs %d", entries, h.size, h.l1Entries())
	case h.l1 < 0 || h.l1%h.cluster() != 0:
		return h, wrong("the L1 table is at byte %d, within a cluster", uint64(h.l1))
	}
	return h, nil
}

// parseFeatures reads what version 3 added.
func (h *header) parseFeatures(b []byte) error {
	if len(b) < headerV3 {
		return wrong("the file ends within the header: get the whole of it")
	}
	features := be.Uint64(b[72:])
	length := be.Uint32(b[100:])
	if features&featureCompression != 0 {
		if length <= headerV3 || len(b) <= headerV3 {
			return wrong("the header is too short to tell the kind of compression")
		}
		h.compression = b[headerV3]
	}
	unknown := features &^ (featureDirty | featureCorrupt | featureDataFile | featureCompression | featureExtendedL2)
	switch {
	case features&featureCorrupt != 0:
		return wrong("it is marked as corrupt: repair it with: qemu-img check -r all IMAGE")
	case features&featureDataFile != 0:
		return wrong("its content is in another file: %s", flatten)
	case features&featureExtendedL2 != 0:
		return wrong("it has extended L2 entries: %s", flatten)
	case unknown != 0:
		return wrong("it uses feature bit %d, which isn't known: %s", bits.TrailingZeros64(unknown), flatten)
	case h.compression > zstandard:
		return wrong("compression of type %d isn't known: %s", h.compression, flatten)
	case length < headerV3:
		return wrong("its header has %d bytes, and version 3 has %d or more", length, headerV3)
	}
	return nil
}

func (h *header) cluster() int64   { return 1 << h.clusterBits }
func (h *header) l2Entries() int64 { return h.cluster() / 8 }

// l1Entries is how many entries of the L1 table the disk needs.
func (h *header) l1Entries() int64 {
	span := h.cluster() * h.l2Entries()
	return (h.size-1)/span + min(h.size, 1)
}
