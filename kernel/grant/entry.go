package grant

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/frame"
)

// Entry is a hypercall.GrantEntryV1 in the granter's memory.
type Entry struct {
	head  atomic.Uint32 // flags; the domain in the upper half
	frame atomic.Uint32
}

// PerFrame is how many entries a frame of a table has.
const PerFrame = frame.PageSize / 8

// Entries is a frame of a table.
type Entries [PerFrame]Entry

const (
	reading = hypercall.GTF_reading
	writing = hypercall.GTF_writing

	// kind is what tells a grant of a whole page from others.
	kind = hypercall.GTF_type_mask | hypercall.GTF_sub_page
)

// tries is how often a mark is tried on an entry that the granter changes meanwhile.
const tries = 5

// mark marks the entry as in use by a domain; false if it grants it no such thing.
func (e *Entry) mark(by hypercall.DomID, write bool) bool {
	bits := uint32(reading)
	if write {
		bits |= writing
	}
	for range tries {
		x := e.head.Load()
		if x&kind != hypercall.GTF_permit_access || hypercall.DomID(x>>16) != by {
			return false
		}
		if write && x&hypercall.GTF_readonly != 0 {
			return false
		}
		step()
		if e.head.CompareAndSwap(x, x|bits) { // acquire: the frame was written before what was compared
			return true
		}
	}
	return false
}

// unmark takes marks away: release, since nothing of the frame is used any more.
func (e *Entry) unmark(bits uint32) {
	step()
	e.head.And(^bits)
}
