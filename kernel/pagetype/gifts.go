package pagetype

import "tuco/kernel/frame"

// MaxGifts bounds how many ranges of devices' frames a domain can be given.
const MaxGifts = 16

// gift is a range of frames that are not RAM, which a domain beside domain 0 was given. A device's frame has no record in which references
// are counted; so those of all frames of a range are counted here, and none is taken back from under a mapping.
type gift struct {
	frame.Range
	mapped uint64 // entries of L1s that are for one of its frames, and count
}

// giftOf is the gift that has a frame, or nil.
func (s *Space) giftOf(m frame.MFN) *gift {
	for i := range s.gifts[:s.given] {
		if s.gifts[i].Contains(m) {
			return &s.gifts[i]
		}
	}
	return nil
}

// Give lets the domain map a range of frames that are not RAM, of which it may map none yet. Overflow: it has as many ranges as it can have.
func (s *Space) Give(r frame.Range) Result {
	if s.given == MaxGifts {
		return Overflow
	}
	s.gifts[s.given] = gift{Range: r}
	s.given++
	return OK
}

// TakeBack ends what Give began, for a range as it was given. WrongType: a table of the domain's maps a frame of it. NoFrame: it was
// not given. If the result is OK no new translation leads there, and old ones do as long as they are not flushed.
func (s *Space) TakeBack(r frame.Range) Result {
	for i := range s.gifts[:s.given] {
		if g := &s.gifts[i]; g.Range == r {
			if g.mapped != 0 {
				return WrongType
			}
			s.given--
			*g = s.gifts[s.given]
			return OK
		}
	}
	return NoFrame
}

// unmapped is that an entry for a device's frame is gone, which counted.
func (s *Space) unmapped(m frame.MFN) {
	if g := s.giftOf(m); g != nil {
		g.mapped--
	}
}
