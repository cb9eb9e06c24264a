package pagetype

// Result is the outcome of an operation.
type Result uint8

const (
	OK Result = iota

	// Again: the budget is used up, and the work is done in part. The same call
	// made again goes on where this one stopped.
	Again
	// FlushFirst: nothing was changed, since some TLB may still hold what the
	// frame was before. Do what Work.Need says, then make the same call again.
	FlushFirst
	// Changed: the entry does not hold the value that was expected.
	Changed

	// What a guest did wrong.

	NoFrame   // nobody's frame: free, the hypervisor's, or not RAM
	NotOwner  // not the frame of the domain that it was named for
	WrongType // the frame is in use as something else, or is not what it has to be
	NoMapping // an L1 entry is for a frame of the wrong owner, or for writing to a table
	NoDevice  // an L1 entry is for a frame which is not RAM, and which the domain may not map
	BadEntry  // the page-table entry or descriptor has bits or a place which a guest may not choose
	Pinned    // the table is pinned already
	NotPinned // the frame is not pinned
	Overflow  // a count would not fit
	BadValue  // an argument is out of range
	NotMapped // no table maps the address
	NoCommand // there is no such command
)

// String returns the result as a phrase of a report.
func (r Result) String() string {
	switch r {
	case OK:
		return "ok"
	case Again:
		return "to be continued"
	case FlushFirst:
		return "a flush is due"
	case Changed:
		return "entry has changed"
	case NoFrame:
		return "no such frame"
	case NotOwner:
		return "frame of another domain"
	case WrongType:
		return "frame in use as another type"
	case NoMapping:
		return "frame that can't be mapped so"
	case NoDevice:
		return "device of others"
	case BadEntry:
		return "entry not allowed"
	case Pinned:
		return "already pinned"
	case NotPinned:
		return "not pinned"
	case Overflow:
		return "count overflow"
	case BadValue:
		return "bad argument"
	case NotMapped:
		return "address not mapped"
	case NoCommand:
		return "no such command"
	}
	return "unknown result"
}
