package ptab

import "tuco/kernel/frame"

// Map maps n pages of 4 KiB from v on to the frames from m on, with the largest
// pages that fit and neither exceed largest nor what the processor knows. The
// range must not be mapped, in whole or in part.
func (s *Space) Map(v frame.VAddr, m frame.MFN, n uint64, f Flags, largest Size) Result {
	if r := checkRange(v, n); r != OK {
		return r
	}
	if uint64(m) >= maxFrames || n > maxFrames-uint64(m) {
		return BadRange
	}
	if r := checkFlags(f); r != OK {
		return r
	}
	end := v + frame.VAddr(n<<frame.PageShift)
	for w := v; ; {
		at := s.find(w)
		if at.pte.Present() {
			return Exists
		}
		if w = at.after(w); passed(w, v, end) {
			break
		}
	}
	largest = min(largest, s.Largest, Size1G)
	for done := uint64(0); done < n; {
		w := v + frame.VAddr(done<<frame.PageShift)
		page := m + frame.MFN(done)
		at := s.find(w)
		size := min(at.level, largest)
		for uint64(w)%uint64(size.bytes()) != 0 || uint64(page)%size.Frames() != 0 || size.Frames() > n-done {
			size--
		}
		if !s.descend(&at, w, size) {
			s.clear(v, done)
			return NoMemory
		}
		at.entry.Store(uint64(MakeLeaf(page, f, size)))
		done += size.Frames()
	}
	return OK
}

// descend adds tables below an absent entry down to the level.
func (s *Space) descend(at *slot, v frame.VAddr, level Size) bool {
	for at.level > level {
		m, ok := s.table()
		if !ok {
			return false
		}
		at.entry.Store(uint64(MakeTable(m)))
		at.level--
		at.entry = &s.memory.Table(m)[at.level.index(v)]
	}
	return true
}

// Unmap removes the mappings of n pages of 4 KiB from v on. Pages that reach
// beyond the range are split. All of the range must be mapped.
func (s *Space) Unmap(v frame.VAddr, n uint64) Result {
	r := s.cut(v, n)
	if r == OK {
		s.clear(v, n)
	}
	return r
}

// Protect gives n pages of 4 KiB from v on new flags; their frames stay. Pages
// that reach beyond the range are split. All of the range must be mapped.
func (s *Space) Protect(v frame.VAddr, n uint64, f Flags) Result {
	if r := checkFlags(f); r != OK {
		return r
	}
	r := s.cut(v, n)
	if r != OK {
		return r
	}
	for done := uint64(0); done < n; {
		at := s.find(v + frame.VAddr(done<<frame.PageShift))
		at.entry.Store(uint64(MakeLeaf(at.pte.MFN(at.level), f, at.level)))
		done += at.level.Frames()
	}
	return OK
}

// clear removes n pages, no page of which reaches beyond them.
func (s *Space) clear(v frame.VAddr, n uint64) {
	for done := uint64(0); done < n; {
		at := s.find(v + frame.VAddr(done<<frame.PageShift))
		at.entry.Store(0)
		done += at.level.Frames()
	}
}

// cut checks that the range is mapped, and splits pages so that none crosses
// its ends. It changes no translation.
func (s *Space) cut(v frame.VAddr, n uint64) Result {
	if r := checkRange(v, n); r != OK {
		return r
	}
	end := v + frame.VAddr(n<<frame.PageShift)
	for w := v; ; {
		at := s.find(w)
		if !at.pte.Present() {
			return NotMapped
		}
		if w = at.after(w); passed(w, v, end) {
			break
		}
	}
	if !s.split(v) || !s.split(end) {
		return NoMemory
	}
	return OK
}

// split makes a page begin at v, if a larger one reaches across it. The table is
// filled before it takes the page's place, so that the translation never changes.
// The end of either half is a border of every size, so that nothing happens there.
func (s *Space) split(v frame.VAddr) bool {
	for {
		at := s.find(v)
		if !at.pte.Present() || uint64(v)%uint64(at.level.bytes()) == 0 {
			return true
		}
		m, ok := s.memory.Alloc()
		if !ok {
			return false
		}
		first, f, lower := at.pte.MFN(at.level), at.pte.Flags(at.level), at.level-1
		t := s.memory.Table(m)
		for i := range t {
			t[i].Store(uint64(MakeLeaf(first+frame.MFN(uint64(i)*lower.Frames()), f, lower)))
		}
		at.entry.Store(uint64(MakeTable(m)))
	}
}

const maxFrames = 1 << (52 - frame.PageShift) // of the architecture

// checkRange checks that n pages from v on lie in one canonical half.
func checkRange(v frame.VAddr, n uint64) Result {
	const half = 1 << (47 - frame.PageShift) // pages in one half of the address space
	if v.Offset() != 0 || !v.Canonical() || n == 0 || n > half {
		return BadRange
	}
	if last := v + frame.VAddr((n-1)<<frame.PageShift); !last.Canonical() || last>>63 != v>>63 {
		return BadRange
	}
	return OK
}

// passed tells whether w, which went up from v, has come to the end of the
// range or beyond. Either may have wrapped to 0.
func passed(w, v, end frame.VAddr) bool { return w-v >= end-v }

func checkFlags(f Flags) Result {
	if f&^mappable != 0 {
		return BadFlags
	}
	if f&Writable != 0 && f&NoExecute == 0 {
		return WriteExecute
	}
	return OK
}
