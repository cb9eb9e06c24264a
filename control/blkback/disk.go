package blkback

import (
	"io"
	"log/slog"

	"tuco/control/limit"
	"tuco/ring/blkif"
)

// Disk is what is behind a device. Its methods are called by several goroutines at once, never for anything beyond its end.
type Disk interface {
	io.ReaderAt
	io.WriterAt

	Size() int64 // in bytes, whole sectors

	// Flush makes durable all writes that have returned.
	Flush() error

	// Discard says that what is stored there is not needed any more.
	Discard(off, length int64) error
}

// Config is what a device is like.
type Config struct {
	Disk       Disk
	SectorSize int // what can be written, in bytes: a power of two from 512 to 4096
	ReadOnly   bool
	Discard    bool // the disk has a use for it

	// Limits, which devices of a guest may share; nil limits nothing.
	Bytes, Requests *limit.Bucket

	Clock limit.Clock
	Log   *slog.Logger
}

// What a device is content with.
const (
	maxRingOrder = 2       // pages of the ring, as a power of two
	maxIndirect  = 128     // segments of a request
	maxKept      = 256     // pages that stay mapped
	maxUnderWay  = 1 << 20 // bytes of all requests at once, unless there is only one
)

func (c *Config) sectors() uint64 { return uint64(c.Disk.Size()) / blkif.SectorSize }
