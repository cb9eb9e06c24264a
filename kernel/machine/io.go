package machine

import (
	"tuco/boot"
	"tuco/kernel/frame"
)

// MemoryMap is the machine's, as the loader gave it. Constant after boot.
var MemoryMap []boot.Region

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
