package pmm

import "tuco/kernel/frame"

// Plan is how much room the records take, and where they go.
type Plan struct {
	At       frame.MFN // first frame of the room
	Frames   uint64    // its size
	sections uint64    // entries of the section table, which comes first
	infos    uint64    // records, which come after it
}

// infosOffset is where the records begin, in bytes: on a cache line's border.
func (p *Plan) infosOffset() uint64 { return (p.sections*sectionSize + 63) &^ 63 }

// bytes is what the plan takes, before it is rounded up to frames.
func (p *Plan) bytes() uint64 { return p.infosOffset() + p.infos*infoSize }

// Plan sizes the records for all RAM of the map, and takes room for them from
// what is available within the window. The map must be complete as to RAM, but
// may still be taken from. NoMemory means that there is no RAM, or that no
// stretch of it is long enough.
func (m *Map) Plan(window frame.Range) (Plan, Result) {
	var p Plan
	for first := m.section(0); first.count != 0; first = m.section(p.sections) {
		p.sections = uint64(first.number) + 1
		p.infos += uint64(first.count)
	}
	if p.infos == 0 {
		return p, NoMemory
	}
	p.Frames = (p.bytes() + frame.PageSize - 1) / frame.PageSize
	at, r := m.Take(p.Frames, 1, window)
	p.At = at
	return p, r
}

// numbered is a section, but for its index, and its number.
type numbered struct {
	number       uint32
	start, count uint32
}

// section returns the first section from this number on that has RAM; count is
// zero if none has.
func (m *Map) section(from uint64) numbered {
	var s numbered
	for r, ok := m.NextRAM(frame.MFN(from * sectionFrames)); ok; r, ok = m.NextRAM(r.End) {
		number := uint32(r.Start / sectionFrames)
		if s.count == 0 {
			s = numbered{number: number, start: uint32(r.Start % sectionFrames)}
		} else if number != s.number {
			break
		}
		end := min(r.End, frame.MFN(number+1)*sectionFrames)
		s.count = uint32(end-frame.MFN(number)*sectionFrames) - s.start
		if end != r.End {
			break
		}
	}
	return s
}
