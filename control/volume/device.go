package volume

import "io"

// Device is the disk that a store lives on. Offsets and lengths of the store's requests are multiples of Sector.
//
// Nothing is asked of the disk but this: when Flush returns with no error, every write that returned before Flush was
// called is durable. Until then a power cut may keep any of the sectors written and lose the others. A sector is never torn.
// Calls may be made at the same time.
type Device interface {
	io.ReaderAt
	io.WriterAt
	Flush() error
	Size() int64
}

const (
	// Sector is what a volume is read and written in.
	Sector = 512
	// ExtentSize is the unit in which disk is given to volumes.
	ExtentSize = 64 << 10
	// nodeSize is the unit of the store's own blocks.
	nodeSize = 4 << 10
)

// extent is an extent's number, counted from the start of the disk. Extent 0 holds the superblock, so that
// no volume has it: in a map it stands for a hole.
type extent uint32

func (e extent) offset() int64 { return int64(e) * ExtentSize }

// slot is the place of one of the store's own blocks, counted in blocks from the start of the disk. 0 is none.
type slot uint32

const slotsPerExtent = ExtentSize / nodeSize

func (s slot) offset() int64  { return int64(s) * nodeSize }
func (s slot) extent() extent { return extent(s / slotsPerExtent) }
func (e extent) slot(i int) slot {
	return slot(e)*slotsPerExtent + slot(i)
}

// ceil is how many whole parts hold n.
func ceil[T int | uint32 | int64](n, part T) T { return (n + part - 1) / part }
