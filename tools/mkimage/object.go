package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
)

// section is a section of the object being written.
type section struct {
	elf.Section64
	name  string
	bytes []byte
}

// object writes the image as a relocatable ELF file with no relocations.
// Beside the program's own symbols it defines
//
//	go_entry                      the function named entry
//	go_text_0 go_rodata go_data   the addresses that the Go linker chose
func (img *image) object(entry string) ([]byte, error) {
	entrySymbol, err := img.function(entry)
	if err != nil {
		return nil, err
	}

	const alloc = elf.SHF_ALLOC
	sections := []section{{}} // the null section
	var segments []*segment
	for i := range img.parts {
		sections = append(sections, progbits(fmt.Sprintf(".go.text.%d", i), alloc|elf.SHF_EXECINSTR, img.parts[i].bytes))
		segments = append(segments, &img.parts[i])
	}
	sections = append(sections,
		progbits(".go.rodata", alloc, img.rodata.bytes),
		progbits(".go.data", alloc|elf.SHF_WRITE, img.data.bytes),
		section{name: ".go.bss", Section64: elf.Section64{
			Type: uint32(elf.SHT_NOBITS), Flags: uint64(alloc | elf.SHF_WRITE),
			Size: img.bss.size, Addralign: alignment(img.bss.addr)}})
	segments = append(segments, &img.rodata, &img.data, &img.bss)
	for _, d := range img.debug {
		s := progbits(d.name, 0, d.bytes)
		s.Addralign = 1
		sections = append(sections, s)
	}

	var symbols bytes.Buffer
	names := newStrings()
	put := func(name string, info byte, index elf.SectionIndex, value, size uint64) {
		binary.Write(&symbols, binary.LittleEndian, elf.Sym64{
			Name: names.add(name), Info: info, Shndx: uint16(index), Value: value, Size: size})
	}
	put("", 0, 0, 0, 0)
	for _, s := range img.symbols {
		for i, seg := range segments {
			if seg.contains(s.Value) && s.Name != "" && inSections(s.Section, img.section) {
				put(s.Name, elf.ST_INFO(elf.STB_LOCAL, elf.ST_TYPE(s.Info)), elf.SectionIndex(1+i), s.Value-seg.addr, s.Size)
			}
		}
	}
	firstGlobal := uint32(symbols.Len() / elf.Sym64Size)
	global := elf.ST_INFO(elf.STB_GLOBAL, elf.STT_NOTYPE)
	for i, part := range img.parts {
		if part.contains(entrySymbol.Value) {
			put("go_entry", elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC), elf.SectionIndex(1+i), entrySymbol.Value-part.addr, entrySymbol.Size)
		}
		put(fmt.Sprintf("go_text_%d", i), global, elf.SHN_ABS, part.addr, 0)
	}
	put("go_rodata", global, elf.SHN_ABS, img.rodata.addr, 0)
	put("go_data", global, elf.SHN_ABS, img.data.addr, 0)

	sections = append(sections, section{name: ".symtab", bytes: symbols.Bytes(), Section64: elf.Section64{
		Type: uint32(elf.SHT_SYMTAB), Link: uint32(len(sections) + 1), Info: firstGlobal,
		Addralign: 8, Entsize: elf.Sym64Size}})
	sections = append(sections, section{name: ".strtab", bytes: names.bytes, Section64: elf.Section64{
		Type: uint32(elf.SHT_STRTAB), Addralign: 1}})
	if end := img.data.addr + img.data.size; img.bss.addr < end || img.bss.addr-end >= alignment(img.bss.addr) {
		return nil, fmt.Errorf("%s: zeroed data at %#x does not follow the data that ends at %#x", img.path, img.bss.addr, end)
	}
	return writeELF(sections), nil
}

// inSections drops the absolute and undefined symbols.
func inSections(index elf.SectionIndex, all []*elf.Section) bool {
	return index != elf.SHN_UNDEF && int(index) < len(all)
}

func progbits(name string, flags elf.SectionFlag, b []byte) section {
	return section{name: name, bytes: b, Section64: elf.Section64{
		Type: uint32(elf.SHT_PROGBITS), Flags: uint64(flags), Addralign: 64}}
}

// alignment is the largest power of two, up to a page, that divides addr.
func alignment(addr uint64) uint64 { return min(addr&-addr, 4096) }

// writeELF lays the sections out in a file: header, contents, section headers.
func writeELF(sections []section) []byte {
	names := newStrings()
	sections = append(sections, section{name: ".shstrtab", Section64: elf.Section64{
		Type: uint32(elf.SHT_STRTAB), Addralign: 1}})
	for i := range sections {
		sections[i].Name = names.add(sections[i].name)
	}
	sections[len(sections)-1].bytes = names.bytes

	const headerSize = 64
	var body bytes.Buffer
	for i := range sections {
		s := &sections[i]
		if s.Type == uint32(elf.SHT_NULL) {
			continue
		}
		for s.Addralign > 1 && (headerSize+uint64(body.Len()))%s.Addralign != 0 {
			body.WriteByte(0)
		}
		s.Off = headerSize + uint64(body.Len())
		if s.Type != uint32(elf.SHT_NOBITS) {
			s.Size = uint64(len(s.bytes))
			body.Write(s.bytes)
		}
	}
	for body.Len()%8 != 0 {
		body.WriteByte(0)
	}

	header := elf.Header64{
		Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Shoff: headerSize + uint64(body.Len()), Ehsize: headerSize, Shentsize: 64,
		Shnum: uint16(len(sections)), Shstrndx: uint16(len(sections) - 1),
	}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS] = byte(elf.ELFCLASS64)
	header.Ident[elf.EI_DATA] = byte(elf.ELFDATA2LSB)
	header.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)

	var out bytes.Buffer
	binary.Write(&out, binary.LittleEndian, header)
	out.Write(body.Bytes())
	for i := range sections {
		binary.Write(&out, binary.LittleEndian, sections[i].Section64)
	}
	return out.Bytes()
}

// stringTable is a string table under construction.
type stringTable struct{ bytes []byte }

func newStrings() *stringTable { return &stringTable{bytes: []byte{0}} }

func (t *stringTable) add(s string) uint32 {
	if s == "" {
		return 0
	}
	at := len(t.bytes)
	t.bytes = append(append(t.bytes, s...), 0)
	return uint32(at)
}
