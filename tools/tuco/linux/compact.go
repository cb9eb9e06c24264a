package linux

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
)

// alignment is of segments in a compact file: a page.
const alignment = 4096

// compact makes an ELF file smaller that loads the same: only what is loaded is in it, without the zeros at the end of each segment, which whoever loads it
// writes. A kernel as Linux's build makes it has its .bss in the file, and gaps of up to 2 MiB before segments: nearly half of it are zeros. A host keeps the file of a guest's
// kernel in memory.
func compact(file []byte) ([]byte, error) {
	var header elf.Header64
	if _, err := binary.Decode(file, binary.LittleEndian, &header); err != nil {
		return nil, fmt.Errorf("ELF header: %w", err)
	}
	programs := make([]elf.Prog64, header.Phnum)
	if header.Phoff > uint64(len(file)) {
		return nil, errors.New("ELF: the program headers are beyond the end")
	}
	if _, err := binary.Decode(file[header.Phoff:], binary.LittleEndian, programs); err != nil {
		return nil, fmt.Errorf("ELF program headers: %w", err)
	}
	header.Phoff = uint64(binary.Size(header))
	header.Shoff, header.Shnum, header.Shstrndx = 0, 0, 0
	end := header.Phoff + uint64(binary.Size(programs))
	moved := map[uint64]span{} // segments, by where they were
	for i := range programs {
		p := &programs[i]
		if elf.ProgType(p.Type) != elf.PT_LOAD {
			continue
		}
		if p.Off > uint64(len(file)) || p.Filesz > uint64(len(file))-p.Off {
			return nil, errors.New("ELF: a segment is beyond the end")
		}
		s := span{from: p.Off, data: bytes.TrimRight(file[p.Off:][:p.Filesz], "\x00"), to: (end + alignment - 1) / alignment * alignment}
		end = s.to + uint64(len(s.data))
		p.Off, p.Filesz, p.Align = s.to, uint64(len(s.data)), alignment
		moved[s.from] = s
	}
	small := make([]byte, end)
	for _, s := range moved {
		copy(small[s.to:], s.data)
	}
	for i := range programs { // notes and the like, which lie in segments
		p := &programs[i]
		if elf.ProgType(p.Type) == elf.PT_LOAD || p.Filesz == 0 {
			continue
		}
		if err := follow(p, moved); err != nil {
			return nil, err
		}
	}
	binary.Encode(small, binary.LittleEndian, header)
	binary.Encode(small[header.Phoff:], binary.LittleEndian, programs)
	return small, nil
}

// span is a segment's content, and where it was and will be in the file.
type span struct {
	from, to uint64
	data     []byte
}

// follow has a header point to where its content is now.
func follow(p *elf.Prog64, moved map[uint64]span) error {
	for _, s := range moved {
		if at := p.Off - s.from; p.Off >= s.from && at+p.Filesz <= uint64(len(s.data)) {
			p.Off = s.to + at
			return nil
		}
	}
	return fmt.Errorf("ELF: the content of a program header of type %v is in no segment", elf.ProgType(p.Type))
}
