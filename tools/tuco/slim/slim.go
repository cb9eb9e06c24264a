// Package slim makes kernels' files small for those who keep them in memory.
package slim

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// Offsets in an ELF file's header, and in that of a segment. System V ABI, AMD64 supplement; "ELF Header", "Program Header".
const (
	headerSegments     = 32 // e_phoff
	headerSections     = 40 // e_shoff
	headerSegmentSize  = 54 // e_phentsize
	headerSectionCount = 58 // e_shentsize, e_shnum, e_shstrndx
	headerEnd          = 64
	segmentSize        = 56
	segmentFileSize    = 32 // p_filesz
)

// Kernel leaves out of a kernel's ELF file what a builder of domains does not read: sections, symbols, what no segment has, and zeros at a segment's end, which memory has anyway. A file that
// has no notes in a segment of their own, or is no ELF file, stays as it is: its builder may look for them elsewhere. The argument is not changed.
func Kernel(file []byte) []byte {
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil || f.Class != elf.ELFCLASS64 || f.Data != elf.ELFDATA2LSB || binary.LittleEndian.Uint16(file[headerSegmentSize:]) != segmentSize {
		return file
	}
	table := binary.LittleEndian.Uint64(file[headerSegments:])
	end, notes := table+uint64(len(f.Progs))*segmentSize, false
	keep := make([]uint64, len(f.Progs)) // of each segment
	for i, p := range f.Progs {
		size := uint64(len(file))
		if p.Off > size || p.Filesz > size-p.Off {
			return file // whoever loads it says what is wrong
		}
		keep[i] = p.Filesz
		switch p.Type {
		case elf.PT_LOAD:
			keep[i] = uint64(len(bytes.TrimRight(file[p.Off:p.Off+p.Filesz], "\x00")))
		case elf.PT_NOTE:
			notes = true
		}
		end = max(end, p.Off+keep[i])
	}
	if !notes {
		return file
	}
	slim := bytes.Clone(file[:end])
	binary.LittleEndian.PutUint64(slim[headerSections:], 0)
	clear(slim[headerSectionCount:headerEnd])
	for i := range keep {
		binary.LittleEndian.PutUint64(slim[table+uint64(i)*segmentSize+segmentFileSize:], keep[i])
	}
	return slim
}
