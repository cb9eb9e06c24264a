// Package mkkernel writes small ELF files like the kernels of PV domains, for tests. It
// writes what it is told, sense or nonsense.
package mkkernel

import (
	"bytes"
	"debug/elf"
	"encoding/binary"

	"tuco/hypercall"
)

// Kernel is what goes into the file.
type Kernel struct {
	Entry       uint64 // e_entry
	Segments    []Segment
	Notes       []Note
	NoteSection bool // the notes are in a section, not in a segment
}

// Segment is a segment to be loaded.
type Segment struct {
	VAddr, PAddr uint64
	Data         []byte
	Size         uint64 // in memory, if not that of Data
}

// Note is an ELF note. Content is a string, or a uint32 or a uint64.
type Note struct {
	Name    string // "Xen" if empty
	Type    uint32
	Content any
}

// Plain has what a kernel needs and no more. It ends 16 MiB and a page from where its domain begins.
func Plain() *Kernel {
	const start = 16 << 20
	return &Kernel{
		Segments: []Segment{{PAddr: start, Data: []byte("kernel"), Size: 4096}},
		Notes: []Note{
			{Type: hypercall.XEN_ELFNOTE_XEN_VERSION, Content: "xen-3.0\x00"},
			{Type: hypercall.XEN_ELFNOTE_LOADER, Content: "generic\x00"},
			{Type: hypercall.XEN_ELFNOTE_ENTRY, Content: uint64(start)},
		},
	}
}

// Bytes is the file: header, program headers, the segments' contents, the notes, and the
// section headers.
func (k *Kernel) Bytes() []byte {
	notes := k.notes()
	headers := 64 + 56*uint64(len(k.Segments))
	if notes != nil && !k.NoteSection {
		headers += 56
	}
	var body bytes.Buffer
	var progs []elf.Prog64
	for _, s := range k.Segments {
		size := s.Size
		if size == 0 {
			size = uint64(len(s.Data))
		}
		progs = append(progs, elf.Prog64{
			Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W | elf.PF_X), Off: headers + uint64(body.Len()),
			Vaddr: s.VAddr, Paddr: s.PAddr, Filesz: uint64(len(s.Data)), Memsz: size,
		})
		body.Write(s.Data)
	}
	at := headers + uint64(body.Len())
	body.Write(notes)
	sections := []elf.Section64{{}}
	if k.NoteSection {
		sections = append(sections, elf.Section64{Type: uint32(elf.SHT_NOTE), Off: at, Size: uint64(len(notes))})
	} else if notes != nil {
		progs = append(progs, elf.Prog64{Type: uint32(elf.PT_NOTE), Off: at, Filesz: uint64(len(notes)), Memsz: uint64(len(notes)), Align: 4})
	}
	h := elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Entry: k.Entry, Phoff: 64, Shoff: headers + uint64(body.Len()), Ehsize: 64,
		Phentsize: 56, Phnum: uint16(len(progs)), Shentsize: 64, Shnum: uint16(len(sections)),
	}
	write(&body, sections)
	var head bytes.Buffer
	write(&head, h)
	write(&head, progs)
	return append(head.Bytes(), body.Bytes()...)
}

func (k *Kernel) notes() []byte {
	var b bytes.Buffer
	for _, n := range k.Notes {
		name := n.Name
		if name == "" {
			name = "Xen"
		}
		var content bytes.Buffer
		if s, ok := n.Content.(string); ok {
			content.WriteString(s)
		} else {
			write(&content, n.Content)
		}
		write(&b, []uint32{uint32(len(name) + 1), uint32(content.Len()), n.Type})
		b.WriteString(name + "\x00")
		pad(&b)
		b.Write(content.Bytes())
		pad(&b)
	}
	return b.Bytes()
}

func pad(b *bytes.Buffer) {
	for b.Len()%4 != 0 {
		b.WriteByte(0)
	}
}

func write(b *bytes.Buffer, v any) {
	if err := binary.Write(b, binary.LittleEndian, v); err != nil {
		panic(err) // not a value of fixed size: the caller's mistake
	}
}
