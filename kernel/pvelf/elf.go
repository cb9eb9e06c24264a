package pvelf

import (
	"encoding/binary"

	"tuco/kernel/text"
)

// What is used of an ELF file with 64-bit addresses. System V ABI, "Object Files".
const (
	elfMagic = "\x7fELF"

	identClass   = 4 // offsets in the header
	identData    = 5
	class64      = 2
	littleEndian = 1

	typeProgram = 2 // ET_EXEC
	typeShared  = 3 // ET_DYN: a program that may be moved; nobody moves it
	machineX86  = 62

	headerSize  = 64
	segmentSize = 56 // of its entry in the program header table
	sectionSize = 64 // of its entry in the section header table

	ptLoad  = 1
	ptNote  = 4
	shtNote = 7
)

// elf is an ELF file whose header has been checked.
type elf struct {
	file         []byte // the part of it that there is
	size         uint64 // of all of it
	entry        uint64
	segmentTable []byte
	segments     int
	sectionTable []byte
	sections     int
}

// bytes are size bytes of the file, if there are those.
func (f *elf) bytes(offset, size uint64) ([]byte, bool) {
	if !within(offset, size, uint64(len(f.file))) {
		return nil, false
	}
	return f.file[offset : offset+size], true
}

// within tells whether size bytes at an offset lie within the first end bytes.
func within(offset, size, end uint64) bool { return offset <= end && size <= end-offset }

func (f *elf) readHeader() Error {
	if !text.HasPrefix(f.file, elfMagic) {
		return notELF(f.file)
	}
	if len(f.file) < headerSize {
		return Error{Code: HeaderCut, n: [3]uint64{uint64(len(f.file))}}
	}
	h := f.file[:headerSize]
	typ, machine := binary.LittleEndian.Uint16(h[16:]), binary.LittleEndian.Uint16(h[18:])
	switch {
	case h[identClass] != class64:
		return Error{Code: Not64}
	case h[identData] != littleEndian || machine != machineX86:
		return Error{Code: NotX86, n: [3]uint64{uint64(machine)}}
	case typ != typeProgram && typ != typeShared:
		return Error{Code: NotProgram, n: [3]uint64{uint64(typ)}}
	}
	f.entry = binary.LittleEndian.Uint64(h[24:])
	ok := true
	if f.segments = int(binary.LittleEndian.Uint16(h[56:])); f.segments != 0 {
		if size := binary.LittleEndian.Uint16(h[54:]); size != segmentSize {
			return Error{Code: BadEntrySize, n: [3]uint64{uint64(size), segmentSize}}
		}
		at := binary.LittleEndian.Uint64(h[32:])
		f.segmentTable, ok = f.bytes(at, uint64(f.segments)*segmentSize)
		if !ok {
			return Error{Code: TableCut, n: [3]uint64{uint64(f.segments) * segmentSize, at}}
		}
	}
	// A file without sections, or with others, can be loaded just as well; what
	// matters is whether there are notes.
	if binary.LittleEndian.Uint16(h[58:]) == sectionSize {
		n := binary.LittleEndian.Uint16(h[60:])
		f.sectionTable, ok = f.bytes(binary.LittleEndian.Uint64(h[40:]), uint64(n)*sectionSize)
		if ok {
			f.sections = int(n)
		}
	}
	return Error{}
}

// segment is entry k of the program header table.
func (f *elf) segment(k int) (s struct {
	typ                              uint32
	offset, paddr, fileSize, memSize uint64
}) {
	h := f.segmentTable[k*segmentSize:][:segmentSize]
	s.typ = binary.LittleEndian.Uint32(h)
	s.offset = binary.LittleEndian.Uint64(h[8:])
	s.paddr = binary.LittleEndian.Uint64(h[24:])
	s.fileSize = binary.LittleEndian.Uint64(h[32:])
	s.memSize = binary.LittleEndian.Uint64(h[40:])
	return s
}

// section is entry k of the section header table.
func (f *elf) section(k int) (typ uint32, offset, size uint64) {
	h := f.sectionTable[k*sectionSize:][:sectionSize]
	return binary.LittleEndian.Uint32(h[4:]), binary.LittleEndian.Uint64(h[24:]), binary.LittleEndian.Uint64(h[32:])
}
