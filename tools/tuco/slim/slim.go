// Package slim makes kernels' files small for those who keep them in memory, as a host does with its guests'.
package slim

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// Kernel leaves out of a kernel's ELF file what a builder of domains does not read: sections, symbols, what no segment has, and zeros at a segment's end, which memory has
// anyway. Linux' build puts .bss into the file, and gaps of up to 2 MiB before segments: nearly half of it is zeros. Notes come first, so that whoever wants to know what kernel it is need
// not read on. A file that has no notes in a segment of their own, or is
// no ELF file, stays as it is: its builder may look for them elsewhere. The argument is not changed.
func Kernel(file []byte) []byte {
	var header elf.Header64
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil || f.Class != elf.ELFCLASS64 || f.Data != elf.ELFDATA2LSB {
		return file
	}
	binary.Decode(file, binary.LittleEndian, &header)
	header.Phoff, header.Phentsize = uint64(binary.Size(header)), uint16(binary.Size(elf.Prog64{}))
	header.Shoff, header.Shentsize, header.Shnum, header.Shstrndx = 0, 0, 0, 0

	programs := make([]elf.Prog64, len(f.Progs))
	l := layout{end: header.Phoff + uint64(binary.Size(programs))}
	notes := false
	for _, p := range f.Progs {
		if p.Type == elf.PT_NOTE && p.Off <= uint64(len(file)) && p.Filesz <= uint64(len(file))-p.Off {
			l.add(p.Off, file[p.Off:][:p.Filesz])
		}
	}
	for i, p := range f.Progs {
		if p.Off > uint64(len(file)) || p.Filesz > uint64(len(file))-p.Off {
			return file // whoever loads it says what is wrong
		}
		programs[i] = elf.Prog64{Type: uint32(p.Type), Flags: uint32(p.Flags), Off: p.Off, Vaddr: p.Vaddr, Paddr: p.Paddr, Filesz: p.Filesz, Memsz: p.Memsz, Align: p.Align}
		if p.Type == elf.PT_LOAD {
			data := bytes.TrimRight(file[p.Off:][:p.Filesz], "\x00")
			programs[i].Off, programs[i].Filesz, programs[i].Align = l.add(p.Off, data), uint64(len(data)), 1
		}
		notes = notes || p.Type == elf.PT_NOTE
	}
	if !notes {
		return file
	}
	for i, p := range f.Progs { // most often they lie in one that is loaded
		if p.Type != elf.PT_LOAD && p.Filesz != 0 {
			programs[i].Off = l.find(p.Off, file[p.Off:][:p.Filesz])
		}
	}
	slim := make([]byte, l.end)
	binary.Encode(slim, binary.LittleEndian, header)
	binary.Encode(slim[header.Phoff:], binary.LittleEndian, programs)
	for _, s := range l.spans {
		copy(slim[s.to:], s.data)
	}
	return slim
}

// layout is where things are to be in a file.
type layout struct {
	spans []span
	end   uint64
}

// span is a part of a file, and where it was and will be.
type span struct {
	from, to uint64
	data     []byte
}

// add gives a part of the old file a place in the new one.
func (l *layout) add(from uint64, data []byte) (to uint64) {
	to = l.end
	l.spans = append(l.spans, span{from, to, data})
	l.end += uint64(len(data))
	return to
}

// find says where a part of the old file is, and gives it a place if it has none.
func (l *layout) find(from uint64, data []byte) (to uint64) {
	for _, s := range l.spans {
		if at := from - s.from; from >= s.from && at+uint64(len(data)) <= uint64(len(s.data)) {
			return s.to + at
		}
	}
	return l.add(from, data)
}
