package blkif

import (
	"errors"
	"slices"
	"unsafe"

	"tuco/hypercall"
)

// Transfer is a request to read, write, or write with a barrier. There are at most MaxSegments segments.
func Transfer(op Op, id, sector uint64, segments []Segment) Request {
	r := Request{Op: op, Count: uint8(len(segments)), ID: id, Sector: sector}
	if copy(r.Segments[:], segments) != len(segments) {
		panic("more segments than a request has room for")
	}
	return r
}

// Indirect is a request to read or write with segments that stand in pages, SegmentsPerPage in each but the last.
func Indirect(inner Op, id, sector uint64, segments int, pages ...hypercall.GrantRef) Request {
	var r Request
	i := r.indirect()
	*i = IndirectRequest{Op: OpIndirect, Inner: inner, Count: uint16(segments), ID: id, Sector: sector}
	if copy(i.Pages[:], pages) != len(pages) || len(pages) < listPages(segments) {
		panic("the pages don't hold the segments")
	}
	return r
}

// Discard is a request that says that sectors are not needed any more.
func Discard(id, sector, count uint64) Request {
	var r Request
	*r.discard() = DiscardRequest{Op: OpDiscard, ID: id, Sector: sector, Count: count}
	return r
}

// Flush is a request to make durable what was written before.
func Flush(id uint64) Request { return Request{Op: OpFlush, ID: id} }

// Segments is a page that lists segments. It may be the peer's.
func Segments(page []byte) *[SegmentsPerPage]Segment {
	return (*[SegmentsPerPage]Segment)(unsafe.Pointer(&page[:pageSize][0]))
}

func (r *Request) indirect() *IndirectRequest { return (*IndirectRequest)(unsafe.Pointer(r)) }
func (r *Request) discard() *DiscardRequest   { return (*DiscardRequest)(unsafe.Pointer(r)) }

// listPages is how many pages a list of segments takes.
func listPages(segments int) int { return (segments + SegmentsPerPage - 1) / SegmentsPerPage }

// Command is what a request asks for, whatever its form.
type Command struct {
	Op     Op // not OpIndirect
	ID     uint64
	Sector uint64

	Segments []Segment            // of a transfer, or nil where Pages list them
	Pages    []hypercall.GrantRef // that list Listed segments, to be copied by Listing
	Listed   int

	Count  uint64 // of sectors to discard
	Secure bool

	room   [MaxSegments]Segment
	pages  [MaxIndirectPages]hypercall.GrantRef
	listed []Segment // room for what Pages list, kept
}

// What is wrong with a request. The answer to ErrOp is StatusUnsupported, to all others StatusError.
var (
	ErrOp       = errors.New("no such operation")
	ErrSegments = errors.New("more segments than allowed, or none")
	ErrRange    = errors.New("sectors beyond the page or the device")
)

// Decode makes a command of a request, which is a copy of the ring's slot. Indirect ones may have up to a number of segments, 0 if
// there are to be none. ID is set whatever the error. The command is good until the next Decode.
func (c *Command) Decode(r *Request, maxIndirect int) error {
	*c = Command{Op: r.Op, ID: r.ID, Sector: r.Sector, listed: c.listed[:0]}
	switch r.Op {
	case OpRead, OpWrite, OpBarrier, OpFlush:
		if int(r.Count) > MaxSegments || r.Count == 0 && (r.Op == OpRead || r.Op == OpWrite) {
			return ErrSegments
		}
		c.room = r.Segments
		c.Segments = c.room[:r.Count]
	case OpDiscard:
		d := r.discard()
		c.Count, c.Secure = d.Count, d.Flags&FlagSecure != 0
	case OpIndirect:
		i := r.indirect()
		c.Op, c.Listed = i.Inner, int(i.Count)
		switch {
		case maxIndirect == 0 || c.Op != OpRead && c.Op != OpWrite:
			return ErrOp
		case c.Listed == 0 || c.Listed > min(maxIndirect, MaxIndirectPages*SegmentsPerPage):
			return ErrSegments
		}
		c.pages = i.Pages
		c.Pages = c.pages[:listPages(c.Listed)]
	default:
		return ErrOp
	}
	return nil
}

// Listing adds the segments that a page lists, of those that are still missing: the page is one of Pages, in their order, or a copy
// of it. It has to have room only for those.
func (c *Command) Listing(page []byte) {
	have := len(c.listed)
	n := min(c.Listed-have, SegmentsPerPage)
	c.listed = slices.Grow(c.listed, n)[:have+n]
	copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(c.listed[have:]))), n*segmentSize), page)
	c.Segments = c.listed
}

// Sectors is how many sectors a command is about, all of which lie on a device of so many. It fails with ErrRange. Where a flush with no data would
// begin means nothing: Linux' have the largest number there is.
func (c *Command) Sectors(of uint64) (n uint64, err error) {
	if n = c.Count; c.Op != OpDiscard {
		for _, s := range c.Segments {
			if s.First > s.Last || s.Last >= SectorsPerPage {
				return 0, ErrRange
			}
			n += uint64(s.Last-s.First) + 1
		}
	}
	if n == 0 && (c.Op == OpFlush || c.Op == OpBarrier) {
		return 0, nil
	}
	if c.Sector > of || n > of-c.Sector {
		return 0, ErrRange
	}
	return n, nil
}

// Bytes is where in its page a segment lies, whose sectors Command.Sectors has checked.
func (s Segment) Bytes() (offset, length int) {
	return int(s.First) * SectorSize, (int(s.Last) - int(s.First) + 1) * SectorSize
}
