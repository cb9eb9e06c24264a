package pmm

// Result is the outcome of an operation. Anything but OK and NoMemory is a bug
// of the caller's, which klog.Bug should report.
type Result uint8

const (
	OK          Result = iota
	NoMemory           // no free block is large enough within the zone
	BadOrder           // the order is above MaxOrder
	NotRAM             // no RAM is known at this frame
	Reserved           // the frame was never given to the allocator
	NotReserved        // the frame, to be released, is not reserved RAM
	DoubleFree         // the frame is free already
	WrongOrder         // the frame belongs to an allocated block of another order, or is not its first
	InUse              // the frame still has an owner, references or a type
	TooMany            // the memory map has more ranges than fit
	BadRange           // the range ends before it begins
)

// String returns the result as a phrase of a report.
func (r Result) String() string {
	switch r {
	case OK:
		return "ok"
	case NoMemory:
		return "out of memory"
	case BadOrder:
		return "block order too large"
	case NotRAM:
		return "frame is not RAM"
	case Reserved:
		return "frame is reserved"
	case NotReserved:
		return "frame is not reserved"
	case DoubleFree:
		return "frame freed twice"
	case WrongOrder:
		return "frame freed with the wrong order"
	case InUse:
		return "frame freed while in use"
	case TooMany:
		return "too many memory ranges"
	case BadRange:
		return "memory range ends before it begins"
	}
	return "unknown result"
}
