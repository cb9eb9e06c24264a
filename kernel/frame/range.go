package frame

// Range is the machine frames from Start up to, not including, End.
type Range struct{ Start, End MFN }

// Between is the range from start up to, not including, end.
func Between(start, end MFN) Range { return Range{start, end} }

// Len is the number of frames in the range; a range that ends before it begins has none.
func (r Range) Len() uint64 {
	if r.End <= r.Start {
		return 0
	}
	return uint64(r.End - r.Start)
}

// Contains tells whether the frame is in the range.
func (r Range) Contains(m MFN) bool { return m >= r.Start && m < r.End }

// Overlaps tells whether the two have a frame in common.
func (r Range) Overlaps(s Range) bool {
	return max(r.Start, s.Start) < min(r.End, s.End)
}
