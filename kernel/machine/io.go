package machine

import (
	"tuco/boot"
	"tuco/kernel/acpi"
	"tuco/kernel/frame"
)

// MemoryMap is the machine's, in the order of addresses. Constant after boot.
var MemoryMap []boot.Region

// mapRoom is where it lies: the loader's regions, and one for each interrupt
// controller.
var mapRoom [boot.MaxRegions + acpi.MaxIOAPICs + 1]boot.Region

// SetMemoryMap takes the loader's map.
func SetMemoryMap(regions []boot.Region) { MemoryMap = mapRoom[:copy(mapRoom[:], regions)] }

// ReserveInMap adds a range that is not free for devices, unless the map says something
// about it already.
func ReserveInMap(r boot.Range) {
	n, at := len(MemoryMap), 0
	for at < n && MemoryMap[at].End <= r.Start {
		at++
	}
	if n == len(mapRoom) || at < n && MemoryMap[at].Start < r.End {
		return
	}
	MemoryMap = mapRoom[:n+1]
	copy(MemoryMap[at+1:], MemoryMap[at:n])
	MemoryMap[at] = boot.Region{Range: r, Type: boot.Reserved}
}

// SafeAbove is where no memory is from here up, for page-table entries that are
// not present (see pagetype.Space); 0 where the processor does not look at
// those. Constant after boot.
var SafeAbove frame.MAddr

// ioFrames are the frames that are not RAM and that a privileged domain may map.
var ioFrames struct {
	list [maxIO]frame.Range
	n    int
}

const maxIO = 64

// IOFrames are the frames that a privileged domain may map beside RAM.
func IOFrames() []frame.Range { return ioFrames.list[:ioFrames.n] }

// AddIO adds a range to them; false if there are too many.
func AddIO(r frame.Range) bool {
	if r.Len() == 0 {
		return true
	}
	if ioFrames.n == maxIO {
		return false
	}
	ioFrames.list[ioFrames.n] = r
	ioFrames.n++
	return true
}
