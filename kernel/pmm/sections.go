package pmm

import (
	"unsafe"

	"tuco/kernel/frame"
)

// A section is 1 GiB of machine addresses, the size of the largest block.
const sectionFrames = 1 << MaxOrder

// section says where the records of a section's frames are: those from the
// frame start on, count of them, begin at index. Frames outside have none.
type section struct{ start, count, index uint32 }

const sectionSize = uint64(unsafe.Sizeof(section{}))

// records finds a frame's record.
type records struct {
	sections []section
	infos    []Info

	// The records of the longest run of frames that all have one, from the frame
	// first on. Most machines have most of their RAM in it, so at looks here first.
	first frame.MFN
	most  []Info
}

// at returns the frame's record, or nil if it has none.
func (r *records) at(m frame.MFN) *Info {
	if i := uint64(m - r.first); i < uint64(len(r.most)) { // wraps below first
		return &r.most[i]
	}
	return r.anywhere(m)
}

// anywhere is at, by the table of sections.
func (r *records) anywhere(m frame.MFN) *Info {
	n := uint64(m / sectionFrames)
	if n >= uint64(len(r.sections)) {
		return nil
	}
	s := &r.sections[n]
	i := uint32(m%sectionFrames) - s.start // wraps to a large number below start
	if i >= s.count {
		return nil
	}
	return &r.infos[s.index+i]
}

// run returns the records of n frames from m on, or nil if not all have one.
// They lie side by side, since no run that is asked for crosses a section.
func (r *records) run(m frame.MFN, n uint64) []Info {
	number := uint64(m / sectionFrames)
	if number >= uint64(len(r.sections)) {
		return nil
	}
	s := &r.sections[number]
	i := uint64(m % sectionFrames)
	if i < uint64(s.start) || i+n > uint64(s.start)+uint64(s.count) {
		return nil
	}
	i += uint64(s.index) - uint64(s.start)
	return r.infos[i : i+n]
}

// build lays out table and records in the plan's room, seen at p, and marks
// RAM as reserved and all else as holes.
func (r *records) build(m *Map, plan *Plan, p unsafe.Pointer) {
	r.sections = unsafe.Slice((*section)(p), plan.sections)
	r.infos = unsafe.Slice((*Info)(unsafe.Add(p, plan.infosOffset())), plan.infos)
	clear(r.sections)
	index := uint32(0)
	run, runIndex := frame.Range{}, uint32(0) // sections' records that lie side by side as their frames do
	for s := m.section(0); s.count != 0; s = m.section(uint64(s.number) + 1) {
		r.sections[s.number] = section{s.start, s.count, index}
		start := frame.MFN(s.number)*sectionFrames + frame.MFN(s.start)
		if start != run.End {
			run, runIndex = frame.Range{Start: start, End: start}, index
		}
		index += s.count
		if run.End += frame.MFN(s.count); run.Len() > uint64(len(r.most)) {
			r.first, r.most = run.Start, r.infos[runIndex:index]
		}
	}
	clear(r.infos) // all are holes now
	for ram, ok := m.NextRAM(0); ok; ram, ok = m.NextRAM(ram.End) {
		ram.End = min(ram.End, (ram.Start/sectionFrames+1)*sectionFrames)
		run := r.run(ram.Start, ram.Len())
		for i := range run {
			run[i].state = reserved
		}
	}
}
