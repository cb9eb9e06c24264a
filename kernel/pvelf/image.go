package pvelf

import (
	"tuco/hypercall"
	"tuco/kernel/frame"
)

// Limits.
const (
	MaxSegments = 32
	MaxAddress  = 1 << 44 // of pseudo-physical memory, in bytes
)

// Image is a kernel that can be started as a PV domain.
type Image struct {
	Entry     frame.VAddr // where it begins to run
	VirtBase  frame.VAddr // where the domain's first page is to appear
	Start     uint64      // pseudo-physical address of its first byte
	End       uint64      // and after its last
	Supported Features    // what it knows, by either note
	Required  Features    // what it does not run without

	notes    notes
	segments [MaxSegments]Segment
	n        int
}

// Segment is a piece of the kernel to be loaded. It takes Size bytes, of which the
// file has the first Bytes; the others are zero.
type Segment struct {
	Addr   uint64 // pseudo-physical
	Size   uint64
	Offset uint64 // in the file
	Bytes  uint64
	Data   []byte // those bytes, where Parse was given all of the file
}

// Segments are what is to be loaded, in the file's order; none overlaps another.
func (i *Image) Segments() []Segment { return i.segments[:i.n] }

// Parse reads a kernel for a domain that is offered these features. Unless the
// Error is OK, i is not to be used.
func Parse(i *Image, file []byte, offered Features) Error {
	return ParsePart(i, file, uint64(len(file)), offered)
}

// ParsePart is Parse for who has only the beginning of a file that has size bytes. Its tables and notes have to lie there; what is to be loaded may come
// later.
func ParsePart(i *Image, file []byte, size uint64, offered Features) Error {
	*i = Image{}
	f := elf{file: file, size: size}
	if err := f.readHeader(); !err.OK() {
		return err
	}
	if err := i.notes.read(&f); !err.OK() {
		return err
	}
	if err := i.checkNotes(offered); !err.OK() {
		return err
	}
	if err := i.readSegments(&f); !err.OK() {
		return err
	}
	return i.checkAddresses(&f)
}

// readSegments takes the segments that are to be loaded.
func (i *Image) readSegments(f *elf) Error {
	offset, _ := i.notes.number(hypercall.XEN_ELFNOTE_PADDR_OFFSET)
	for k := range f.segments {
		h := f.segment(k)
		if h.typ != ptLoad || h.memSize == 0 {
			continue
		}
		n := uint64(k)
		switch {
		case !within(h.offset, h.fileSize, f.size):
			return Error{Code: SegmentCut, n: [3]uint64{n, h.fileSize, h.offset}}
		case h.fileSize > h.memSize:
			return Error{Code: SegmentSizes, n: [3]uint64{n, h.fileSize, h.memSize}}
		case h.paddr < offset:
			return Error{Code: SegmentBelow, n: [3]uint64{n, h.paddr, offset}}
		case h.memSize > MaxAddress || h.paddr-offset > MaxAddress-h.memSize:
			return Error{Code: SegmentFar, n: [3]uint64{n, h.paddr - offset, h.memSize}}
		case i.n == MaxSegments:
			return Error{Code: TooManySegments, n: [3]uint64{MaxSegments}}
		}
		s := Segment{Addr: h.paddr - offset, Size: h.memSize, Offset: h.offset, Bytes: h.fileSize}
		if uint64(len(f.file)) == f.size {
			s.Data, _ = f.bytes(h.offset, h.fileSize)
		}
		for _, o := range i.Segments() {
			if s.Addr < o.Addr+o.Size && o.Addr < s.Addr+s.Size {
				return Error{Code: SegmentsOverlap, n: [3]uint64{n, max(s.Addr, o.Addr)}}
			}
		}
		if i.n == 0 || s.Addr < i.Start {
			i.Start = s.Addr
		}
		i.End = max(i.End, s.Addr+s.Size)
		i.segments[i.n] = s
		i.n++
	}
	if i.n == 0 {
		return Error{Code: NoSegments}
	}
	return Error{}
}

// checkAddresses judges the virtual addresses of the notes.
func (i *Image) checkAddresses(f *elf) Error {
	base, _ := i.notes.number(hypercall.XEN_ELFNOTE_VIRT_BASE)
	if frame.VAddr(base).Offset() != 0 {
		return Error{Code: Unaligned, what: numbers[hypercall.XEN_ELFNOTE_VIRT_BASE], n: [3]uint64{base}}
	}
	if base > ^uint64(0)-i.End {
		return Error{Code: AddressWraps, n: [3]uint64{base, i.End}}
	}
	i.VirtBase = frame.VAddr(base)
	entry, ok := i.notes.number(hypercall.XEN_ELFNOTE_ENTRY)
	if !ok {
		entry = f.entry
	}
	i.Entry = frame.VAddr(entry)
	if !i.holds(entry, 1) {
		return i.outside(hypercall.XEN_ELFNOTE_ENTRY, entry)
	}
	for _, t := range [...]int{hypercall.XEN_ELFNOTE_HYPERCALL_PAGE, hypercall.XEN_ELFNOTE_INIT_P2M} {
		if v, ok := i.notes.number(t); ok && frame.VAddr(v).Offset() != 0 {
			return Error{Code: Unaligned, what: numbers[t], n: [3]uint64{v}}
		}
	}
	if v, ok := i.notes.number(hypercall.XEN_ELFNOTE_HYPERCALL_PAGE); ok && !i.holds(v, frame.PageSize) {
		return i.outside(hypercall.XEN_ELFNOTE_HYPERCALL_PAGE, v)
	}
	return Error{}
}

// holds tells whether any of size bytes at a virtual address is the kernel's.
func (i *Image) holds(v, size uint64) bool {
	at := v - uint64(i.VirtBase)
	return v >= uint64(i.VirtBase) && at < i.End && at+size > i.Start
}

func (i *Image) outside(note int, v uint64) Error {
	base := uint64(i.VirtBase)
	return Error{Code: Outside, what: numbers[note], n: [3]uint64{v, base + i.Start, base + i.End}}
}
