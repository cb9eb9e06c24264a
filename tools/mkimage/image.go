package main

import (
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"strings"
)

// image is a linked Go program: its segments, and what debuggers need.
type image struct {
	path    string
	text    segment
	parts   []segment // of the text, those that are kept
	rodata  segment
	data    segment
	bss     segment // no bytes, only a size
	symbols []elf.Symbol
	section []*elf.Section
	debug   []debugSection
	dwarf   *dwarf.Data
}

type segment struct {
	addr  uint64
	size  uint64
	bytes []byte
}

func (s *segment) contains(addr uint64) bool { return addr >= s.addr && addr < s.addr+s.size }

// debugSection is a .debug_… section, unpacked.
type debugSection struct {
	name  string
	bytes []byte
}

func load(path string) (*image, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img := &image{path: path, section: f.Sections}

	for _, s := range f.Sections {
		switch {
		case s.Flags&elf.SHF_ALLOC == 0:
			if strings.HasPrefix(s.Name, ".debug_") {
				b, err := s.Data()
				if err != nil {
					return nil, fmt.Errorf("%s: section %s: %w", path, s.Name, err)
				}
				img.debug = append(img.debug, debugSection{s.Name, b})
			}
		case s.Type == elf.SHT_NOBITS:
			img.bss.grow(s.Addr, s.Size)
		default:
			b, err := s.Data()
			if err != nil {
				return nil, fmt.Errorf("%s: section %s: %w", path, s.Name, err)
			}
			img.segmentOf(s.Flags).append(s.Addr, b)
		}
	}
	if img.text.size == 0 || img.data.size == 0 {
		return nil, fmt.Errorf("%s: has no text or no data: is it the Go linker's output?", path)
	}
	img.parts = []segment{img.text}
	if img.symbols, err = f.Symbols(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if img.dwarf, err = f.DWARF(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return img, nil
}

func (img *image) segmentOf(flags elf.SectionFlag) *segment {
	switch {
	case flags&elf.SHF_EXECINSTR != 0:
		return &img.text
	case flags&elf.SHF_WRITE != 0:
		return &img.data
	default:
		return &img.rodata
	}
}

// append adds a section's bytes, and zeros for the gap before it.
func (s *segment) append(addr uint64, b []byte) {
	if s.size == 0 {
		s.addr = addr
	}
	s.bytes = append(s.bytes, make([]byte, addr-s.addr-s.size)...)
	s.bytes = append(s.bytes, b...)
	s.size = uint64(len(s.bytes))
}

func (s *segment) grow(addr, size uint64) {
	if s.size == 0 {
		s.addr = addr
	}
	s.size = addr + size - s.addr
}

// function finds a function by its name in the symbol table.
func (img *image) function(name string) (elf.Symbol, error) {
	for _, s := range img.symbols {
		if s.Name == name && elf.ST_TYPE(s.Info) == elf.STT_FUNC {
			return s, nil
		}
	}
	return elf.Symbol{}, fmt.Errorf("%s: no function %s: did the runtime change its name, or the linker drop it?", img.path, name)
}
