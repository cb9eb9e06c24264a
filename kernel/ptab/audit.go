package ptab

import "tuco/kernel/frame"

// Report is what Audit found. An At is the lowest address of the offence before
// it, and means nothing where that is none.
type Report struct {
	Pages [Sizes]uint64 // pages of each size

	WriteExecute uint64 // pages both writable and executable
	WXAt         frame.VAddr
	Aliases      uint64      // runs of executable pages that are writable elsewhere
	AliasAt      frame.VAddr // where they are writable
	User         uint64      // pages open to user mode
	UserAt       frame.VAddr
	Null         bool // page 0 is mapped
}

// Clean tells whether the space keeps all the rules.
func (r *Report) Clean() bool {
	return r.WriteExecute == 0 && r.Aliases == 0 && r.User == 0 && !r.Null
}

// Audit looks at every page of the space, with the permissions that all levels
// together give it.
func (s *Space) Audit() Report {
	var r Report
	_, r.Null = s.Lookup(0)
	var run frame.Range // executable frames, adjacent in address and in memory
	var runEnd frame.VAddr
	for p, ok := s.First(); ok; p, ok = s.Next(p) {
		r.Pages[p.Size]++
		if p.writable() && p.executable() {
			note(&r.WriteExecute, &r.WXAt, p.At)
		}
		if p.Flags&User != 0 {
			note(&r.User, &r.UserAt, p.At)
		}
		if !p.executable() {
			continue
		}
		if f := p.frames(); p.At == runEnd && f.Start == run.End {
			run.End = f.End
		} else {
			s.noteAlias(&r, run)
			run = f
		}
		runEnd = p.At + p.Size.bytes()
	}
	s.noteAlias(&r, run)
	return r
}

func note(count *uint64, at *frame.VAddr, v frame.VAddr) {
	if *count == 0 {
		*at = v
	}
	*count++
}

func (s *Space) noteAlias(r *Report, run frame.Range) {
	if at, ok := s.WritableAlias(run); ok {
		note(&r.Aliases, &r.AliasAt, at)
	}
}

// WritableAlias returns the lowest page through which a frame of the range can be
// written, if there is one. Text and constants must have none.
func (s *Space) WritableAlias(frames frame.Range) (frame.VAddr, bool) {
	if frames.Len() == 0 {
		return 0, false
	}
	for p, ok := s.First(); ok; p, ok = s.Next(p) {
		if p.writable() && p.frames().Overlaps(frames) {
			return p.At, true
		}
	}
	return 0, false
}
