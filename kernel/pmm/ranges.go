package pmm

import "tuco/kernel/frame"

// span is a range of addresses in bytes, end excluded.
type span struct{ start, end frame.MAddr }

// maxSpans is how many separate spans a set can hold. Firmware reports a few tens.
const maxSpans = 256

// spans is a set of addresses: sorted, disjoint spans with gaps between them.
type spans struct {
	s [maxSpans]span
	n int
}

// add puts a span in, merging it with all that it overlaps or touches. It
// fails, and changes nothing, if there is no room for one span more.
func (s *spans) add(x span) bool {
	if x.start >= x.end {
		return true
	}
	i := 0
	for i < s.n && s.s[i].end < x.start {
		i++
	}
	j := i // s.s[i:j] are merged into x
	for j < s.n && s.s[j].start <= x.end {
		x.start = min(x.start, s.s[j].start)
		x.end = max(x.end, s.s[j].end)
		j++
	}
	if i == j && s.n == maxSpans {
		return false
	}
	n := s.n - (j - i) + 1
	copy(s.s[i+1:n], s.s[j:s.n])
	s.s[i] = x
	s.n = n
	return true
}
