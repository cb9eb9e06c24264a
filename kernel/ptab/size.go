package ptab

import "tuco/kernel/frame"

// Size is the size of a page, and so the level of the table whose entry maps it.
type Size uint8

const (
	Size4K Size = iota
	Size2M
	Size1G // only where CPUID says so

	rootLevel // an entry of the root spans 512 GiB and maps no page
	Sizes     = int(rootLevel)
)

const (
	tableShift = 9
	// Entries is the number of entries of a table.
	Entries = 1 << tableShift
)

// Frames is the number of 4 KiB frames in a page of this size.
func (s Size) Frames() uint64 { return 1 << (tableShift * s) }

// bytes is the number of bytes that an entry of this level spans.
func (s Size) bytes() frame.VAddr { return frame.PageSize << (tableShift * s) }

// index is the entry of a table of this level that the address goes through.
func (s Size) index(v frame.VAddr) uint64 {
	return uint64(v) >> (frame.PageShift + tableShift*s) % Entries
}
