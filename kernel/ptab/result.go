package ptab

// Result is the outcome of an operation.
type Result uint8

const (
	OK           Result = iota
	NoMemory            // no frame for a table
	BadRange            // the range is empty, unaligned, not canonical, or has no such frames
	BadFlags            // a flag that is not the caller's to choose
	WriteExecute        // the pages would be writable and executable
	Exists              // a part of the range is mapped already
	NotMapped           // a part of the range is not mapped
)

// String returns the result as a phrase of a report.
func (r Result) String() string {
	switch r {
	case OK:
		return "ok"
	case NoMemory:
		return "no memory for a page table"
	case BadRange:
		return "bad range of addresses"
	case BadFlags:
		return "bad page flags"
	case WriteExecute:
		return "pages would be writable and executable"
	case Exists:
		return "addresses are mapped already"
	case NotMapped:
		return "addresses are not mapped"
	}
	return "unknown result"
}
