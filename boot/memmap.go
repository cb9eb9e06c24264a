package boot

import "tuco/kernel/frame"

// Type is what a piece of physical memory is, in the numbers that firmware,
// PVH, multiboot2 and Xen's memory map hypercalls share (ACPI, "Address Range
// Types").
type Type uint32

const (
	RAM        Type = 1 // usable
	Reserved   Type = 2
	ACPI       Type = 3 // tables; RAM once they have been read
	NVS        Type = 4 // the firmware keeps state here over sleep
	Unusable   Type = 5 // errors were found in it
	Disabled   Type = 6
	Persistent Type = 7
)

var typeNames = [...]string{"unknown", "RAM", "reserved", "ACPI tables", "ACPI NVS", "unusable", "disabled", "persistent"}

// String is the type in words.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown"
}

// strictness orders types by what may be done with the memory. Where two
// entries of a map overlap, the stricter wins: to treat RAM as a device's
// memory wastes it, the reverse corrupts.
func (t Type) strictness() int {
	switch t {
	case RAM:
		return 1
	case Persistent:
		return 2
	case ACPI:
		return 3
	case NVS:
		return 4
	case Unusable:
		return 6
	case Disabled:
		return 7
	}
	return 5 // reserved
}

// Region is one piece of the memory map.
type Region struct {
	Range
	Type Type
}

// maxRaw is how many of the loader's entries are considered.
const maxRaw = 256

// addrEnd is the end of physical memory on x86-64: MAXPHYADDR is at most 52.
const addrEnd = frame.MAddr(1) << 52

// rawMap is the loader's map as it came.
type rawMap struct {
	n       int
	dropped int
	e       [maxRaw]Region
}

// addRaw takes one entry of the loader's map.
func (i *Info) addRaw(index int, addr, size uint64, typ Type) {
	if size == 0 {
		return // firmware really does that, and it means nothing
	}
	if typ < RAM || typ > Persistent {
		typ = Reserved // whatever a later standard invents
	}
	start := frame.MAddr(addr)
	if typ == RAM && (start >= addrEnd || size > uint64(addrEnd-start)) {
		i.warn(RegionBeyondEnd, uint64(index), addr, size)
		return
	}
	if start >= addrEnd {
		return // memory that no page table can name
	}
	end := addrEnd
	if size < uint64(addrEnd-start) {
		end = start + frame.MAddr(size)
	}
	r := Region{Range{start, end}, typ}
	m := &i.raw
	if m.n < maxRaw {
		m.e[m.n] = r
		m.n++
		return
	}
	m.dropped++
	if typ != RAM {
		m.carve(r.Range)
	}
}

// carve takes r out of the RAM that is kept. There is no room to keep r
// itself, and RAM that is forgotten does no harm; an entry would have to be
// split where r lies inside it, so the larger piece stays.
func (m *rawMap) carve(r Range) {
	for k := range m.e[:m.n] {
		e := &m.e[k]
		if e.Type != RAM || !e.overlaps(r) {
			continue
		}
		below := Range{e.Start, max(e.Start, r.Start)}
		above := Range{min(e.End, r.End), e.End}
		if below.Size() >= above.Size() {
			e.Range = below
		} else {
			e.Range = above
		}
	}
}

// at gives the type of memory at a and how far it stays the same: the next
// address, up to addrEnd, at which any entry begins or ends. Type 0 is a
// hole.
func (m *rawMap) at(a frame.MAddr) (typ Type, next frame.MAddr) {
	next = addrEnd
	for k := range m.e[:m.n] {
		e := &m.e[k]
		switch {
		case a < e.Start:
			next = min(next, e.Start)
		case a < e.End:
			next = min(next, e.End)
			if typ == 0 || e.Type.strictness() > typ.strictness() {
				typ = e.Type
			}
		}
	}
	return typ, next
}

// buildMap makes the final map of the raw one. It walks upwards from one
// boundary to the next and asks for each step, so the order of the raw
// entries and their overlaps do not matter; with at most 256 entries the
// square of the work is still under a millisecond.
func (i *Info) buildMap() {
	if i.raw.dropped > 0 {
		i.warn(TooManyRegions, uint64(i.raw.dropped), maxRaw, 0)
	}
	lost := 0
	var piece Region
	for a := frame.MAddr(0); a < addrEnd; {
		typ, next := i.raw.at(a)
		if typ == piece.Type {
			piece.End = next
		} else {
			lost += i.addRegion(piece)
			piece = Region{Range{a, next}, typ}
		}
		a = next
	}
	lost += i.addRegion(piece)
	if lost > 0 {
		i.warn(TooManyRegions, uint64(lost), MaxRegions, 0)
	}
}

// addRegion appends to the final map and returns how many regions were lost
// for want of room.
func (i *Info) addRegion(r Region) int {
	if r.Type == RAM {
		// A page that is only partly RAM is not RAM.
		r.Start = r.Start.Up()
		r.End = r.End.Down()
	}
	switch {
	case r.Type == 0 || r.Size() == 0:
		return 0
	case i.nRegions == MaxRegions:
		return 1
	}
	i.regions[i.nRegions] = r
	i.nRegions++
	return 0
}
