package ptab

import "tuco/kernel/frame"

// Page is a page that a space maps.
type Page struct {
	At frame.VAddr
	Mapping
}

// First returns the lowest page of the space. A loop over all is
//
//	for p, ok := s.First(); ok; p, ok = s.Next(p) {
func (s *Space) First() (Page, bool) { return s.from(0) }

// Next returns the page that follows p.
func (s *Space) Next(p Page) (Page, bool) {
	v := p.At + p.Size.bytes()
	if v == 0 {
		return Page{}, false
	}
	return s.from(v)
}

// from returns the first page at v or above.
func (s *Space) from(v frame.VAddr) (Page, bool) {
	for {
		if !v.Canonical() {
			v = upperHalf
		}
		at := s.find(v)
		if at.pte.Present() {
			start := v &^ (at.level.bytes() - 1)
			return Page{start, Mapping{at.pte.MFN(at.level), at.flags(), at.level}}, true
		}
		if v = at.after(v); v == 0 {
			return Page{}, false
		}
	}
}

const upperHalf frame.VAddr = 0xffff_8000_0000_0000

// frames are the frames that the page maps.
func (p Page) frames() frame.Range {
	return frame.Between(p.MFN, p.MFN+frame.MFN(p.Size.Frames()))
}

func (p Page) executable() bool { return p.Flags&NoExecute == 0 }
func (p Page) writable() bool   { return p.Flags&Writable != 0 }
