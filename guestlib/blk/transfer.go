package blk

import (
	"tuco/guestlib/frontend"
	"tuco/ring/blkif"
)

// transfer reads or writes p, of which all is on the device. What is written is whole sectors.
func (l *link) transfer(asked blkif.Op, p []byte, off int64) error {
	sector := int64(l.info.SectorSize)
	from, end := off&^(sector-1), (off+int64(len(p))+sector-1)&^(sector-1)
	l.mu.Lock()
	o := l.begin(p, off)
	for from < end {
		id, err := l.acquire(true)
		if err != nil {
			o.err = err
			break
		}
		from = l.request(o, id, asked, from, end)
	}
	return l.end(o)
}

// request puts a request for as much of a range of the device as it has room for and there are pages, of which there is one.
// It returns where the rest begins.
func (l *link) request(o *op, id int, asked blkif.Op, from, end int64) (rest int64) {
	s := &l.slots[id]
	s.from = from
	wanted := min(int((end-from+frontend.PageSize-1)/frontend.PageSize), l.info.Segments)
	for len(s.pages) < wanted && l.havePage() {
		s.pages = append(s.pages, l.takePage())
	}
	indirect := len(s.pages) > blkif.MaxSegments
	if indirect {
		if l.havePage() {
			s.list = l.takePage()
		} else { // one of these, then
			s.list = s.pages[len(s.pages)-1]
			s.pages = s.pages[:len(s.pages)-1]
		}
	}
	var direct [blkif.MaxSegments]blkif.Segment
	segments := direct[:]
	if indirect {
		segments = blkif.Segments(s.list.memory)[:]
	}
	for i, p := range s.pages {
		n := min(end-from, frontend.PageSize)
		segments[i] = blkif.Segment{Ref: p.ref, Last: uint8(n/blkif.SectorSize - 1)}
		from += n
	}
	if asked == blkif.OpWrite {
		s.copyIn(o)
	}
	sector := uint64(s.from / blkif.SectorSize)
	var req blkif.Request
	if indirect {
		req = blkif.Indirect(asked, uint64(id), sector, len(s.pages), s.list.ref)
	} else {
		req = blkif.Transfer(asked, uint64(id), sector, segments[:len(s.pages)])
	}
	l.put(id, o, asked, &req)
	return from
}

// copyIn copies what is to be written into a request's pages.
func (s *slot) copyIn(o *op) {
	for i, p := range s.pages {
		copy(p.memory, o.p[s.from-o.off+int64(i)*frontend.PageSize:])
	}
}

// copyOut copies what was read out of a request's pages, of which the first may begin before what was asked for, and the
// last end after it.
func (s *slot) copyOut() {
	for i, p := range s.pages {
		to := s.from - s.op.off + int64(i)*frontend.PageSize // in the caller's memory
		if to < 0 {
			copy(s.op.p, p.memory[-to:])
		} else if to < int64(len(s.op.p)) {
			copy(s.op.p[to:], p.memory)
		}
	}
}
