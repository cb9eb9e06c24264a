// Package shim makes hypervisor images that are entered with wrong boot information. No emulator passes a machine
// without a memory map, or a module outside its memory; so a copy of the image is given a piece of code that PVH enters
// in the image's place, changes what the loader passed, and goes on to the image's own entry.
package shim

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
)

// Offsets in struct hvm_start_info (public header arch-x86/hvm/start_info.h), which PVH passes in EBX.
const (
	Flags         = 8
	ModuleCount   = 12
	ModuleList    = 16
	CommandLine   = 24
	RSDP          = 32
	MemoryMap     = 40
	MemoryEntries = 48
)

// A Module is an entry of the module list, struct hvm_modlist_entry.
type Module struct{ Address, Size, CommandLine, Reserved uint64 }

// address is where the code is loaded: in memory that every tested machine has, and away from the image.
const address = 48 << 20

// A Shim is the code under construction. Data that it refers to lies behind it.
type Shim struct {
	code []byte
	data []byte
}

// dataOffset is where the data lies behind the start of the code.
const dataOffset = 0x200

// DataAddress is where the data of the first Point lies.
const DataAddress = address + dataOffset

// Set32 stores a value in a field of the start info.
func (s *Shim) Set32(offset byte, value uint32) *Shim {
	s.code = append(s.code, 0xc7, 0x43, offset) // mov dword [ebx+offset], value
	s.code = binary.LittleEndian.AppendUint32(s.code, value)
	return s
}

// Set64 stores a value in a field of the start info.
func (s *Shim) Set64(offset byte, value uint64) *Shim {
	return s.Set32(offset, uint32(value)).Set32(offset+4, uint32(value>>32))
}

// Point adds data and stores its address in a field of the start info.
func (s *Shim) Point(offset byte, data []byte) *Shim {
	s.Set64(offset, address+dataOffset+uint64(len(s.data)))
	s.data = append(s.data, data...)
	for len(s.data)%8 != 0 {
		s.data = append(s.data, 0)
	}
	return s
}

// Modules replaces the list of modules.
func (s *Shim) Modules(modules ...Module) *Shim {
	var list bytes.Buffer
	binary.Write(&list, binary.LittleEndian, modules)
	return s.Set32(ModuleCount, uint32(len(modules))).Point(ModuleList, list.Bytes())
}

// noteEntry is XEN_ELFNOTE_PHYS32_ENTRY.
const noteEntry = 18

// Wrap returns a copy of an image that is entered through the shim.
func (s *Shim) Wrap(image []byte) ([]byte, error) {
	var header elf.Header64
	if _, err := binary.Decode(image, binary.LittleEndian, &header); err != nil {
		return nil, err
	}
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return nil, err
	}
	image = bytes.Clone(image)
	entry, err := replaceEntry(image, file, address)
	if err != nil {
		return nil, err
	}

	segment := append(bytes.Clone(s.code), 0xb8) // mov eax, entry
	segment = binary.LittleEndian.AppendUint32(segment, entry)
	segment = append(segment, 0xff, 0xe0) // jmp eax
	if len(segment) > dataOffset {
		return nil, errors.New("shim: the code runs into its data")
	}
	segment = append(segment, make([]byte, dataOffset-len(segment))...)
	segment = append(segment, s.data...)

	// The program headers move behind the end of the file, where there is room for one more; the segment follows.
	const headerSize = 56
	headers := image[header.Phoff : header.Phoff+uint64(header.Phnum)*headerSize]
	newHeaders := align(len(image), 8)
	segmentOffset := align(newHeaders+len(headers)+headerSize, 0x1000)
	out := make([]byte, segmentOffset, segmentOffset+len(segment))
	copy(out, image)
	copy(out[newHeaders:], headers)
	added := elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W | elf.PF_X), Off: uint64(segmentOffset),
		Vaddr: address, Paddr: address, Filesz: uint64(len(segment)), Memsz: uint64(len(segment)), Align: 0x1000,
	}
	if _, err := binary.Encode(out[newHeaders+len(headers):], binary.LittleEndian, added); err != nil {
		return nil, err
	}
	header.Phoff = uint64(newHeaders)
	header.Phnum++
	if _, err := binary.Encode(out, binary.LittleEndian, header); err != nil {
		return nil, err
	}
	return append(out, segment...), nil
}

// replaceEntry writes an address in the image's PVH note, and returns the one that stood there.
func replaceEntry(image []byte, file *elf.File, entry uint32) (old uint32, err error) {
	for _, prog := range file.Progs {
		if prog.Type != elf.PT_NOTE {
			continue
		}
		notes := image[prog.Off : prog.Off+prog.Filesz]
		for len(notes) >= 12 {
			nameSize := align(int(binary.LittleEndian.Uint32(notes)), 4)
			descSize := align(int(binary.LittleEndian.Uint32(notes[4:])), 4)
			kind := binary.LittleEndian.Uint32(notes[8:])
			end := 12 + nameSize + descSize
			if end > len(notes) {
				break
			}
			if kind == noteEntry && bytes.HasPrefix(notes[12:], []byte("Xen\x00")) && descSize >= 4 {
				desc := notes[12+nameSize:]
				old = binary.LittleEndian.Uint32(desc)
				binary.LittleEndian.PutUint32(desc, entry)
				return old, nil
			}
			notes = notes[end:]
		}
	}
	return 0, errors.New("shim: the image has no PVH note")
}

func align(n, to int) int { return (n + to - 1) / to * to }
