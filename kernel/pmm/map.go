package pmm

import "tuco/kernel/frame"

// Limit bounds the machine addresses in use, 16 TiB: frame numbers in the
// records have 32 bits, and the last one stands for "none".
const Limit frame.MAddr = (1<<32 - 1) << frame.PageShift

// Map is the memory map while the machine boots: the RAM, and what of it is
// reserved. The zero Map is empty. One CPU uses it.
type Map struct {
	ram, reserved spans
	ignored       uint64 // bytes of RAM beyond Limit
}

// AddRAM adds usable RAM, from start up to, not including, end. Ranges may
// come in any order and may overlap. A frame counts only if it is RAM whole.
func (m *Map) AddRAM(start, end frame.MAddr) Result {
	if end < start {
		return BadRange
	}
	if end > Limit {
		m.ignored += uint64(end - max(start, Limit))
		end = Limit
	}
	if !m.ram.add(span{start, end}) {
		return TooMany
	}
	return OK
}

// Reserve takes the range out of what is available: the image, boot modules,
// firmware's tables, entries of the map that are not RAM. It wins over AddRAM,
// whichever comes first, and reserves a frame that it touches whole.
func (m *Map) Reserve(start, end frame.MAddr) Result {
	if end < start {
		return BadRange
	}
	if start >= end {
		return OK
	}
	end = min(end, Limit)
	if !m.reserved.add(span{start.Down(), end.Up()}) {
		return TooMany
	}
	return OK
}

// Ignored is how much RAM lies beyond Limit and is not used, in bytes.
func (m *Map) Ignored() uint64 { return m.ignored }

// NextRAM returns the first range of RAM that ends after the frame, reserved or
// not. A loop over all is
//
//	for r, ok := m.NextRAM(0); ok; r, ok = m.NextRAM(r.End) {
func (m *Map) NextRAM(from frame.MFN) (frame.Range, bool) {
	for i := range m.ram.n {
		s := m.ram.s[i]
		r := frame.Between(s.start.Up().MFN(), s.end.MFN())
		r.Start = max(r.Start, from)
		if r.Len() != 0 {
			return r, true
		}
	}
	return frame.Range{}, false
}

// NextAvailable returns the first range of RAM from the frame on that is not
// reserved. It loops as NextRAM does.
func (m *Map) NextAvailable(from frame.MFN) (frame.Range, bool) {
	for r, ok := m.NextRAM(from); ok; r, ok = m.NextRAM(r.Start) {
		s, hit := m.firstReserved(r)
		if !hit {
			return r, true
		}
		if s.start.MFN() > r.Start {
			return frame.Between(r.Start, s.start.MFN()), true
		}
		r.Start = s.end.MFN()
	}
	return frame.Range{}, false
}

func (m *Map) firstReserved(r frame.Range) (span, bool) {
	for i := range m.reserved.n {
		s := m.reserved.s[i]
		if s.end > r.Start.Addr() && s.start < r.End.Addr() {
			return s, true
		}
	}
	return span{}, false
}

// Take reserves n frames that are available, lie within the window, and begin
// at a multiple of align (a power of two) frames; the highest such. It answers
// NoMemory if there are none. The frames hold whatever they held.
func (m *Map) Take(n, align uint64, window frame.Range) (frame.MFN, Result) {
	best, found := frame.MFN(0), false
	for r, ok := m.NextAvailable(window.Start); ok; r, ok = m.NextAvailable(r.End) {
		end := min(r.End, window.End)
		if end <= r.Start || uint64(end-r.Start) < n {
			continue
		}
		if at := (end - frame.MFN(n)) &^ frame.MFN(align-1); at >= r.Start {
			best, found = at, true
		}
	}
	if !found || n == 0 {
		return 0, NoMemory
	}
	if r := m.Reserve(best.Addr(), (best + frame.MFN(n)).Addr()); r != OK {
		return 0, r
	}
	return best, OK
}
