package goport

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"

	"tuco/hypercall"
)

// Where a guest lies: the domain's first page is mapped at Base, and holds the ELF header; the text follows.
const (
	Base = 0x4000_0000
	Text = Base + 0x1000
)

// EntrySymbol is where a guest begins.
const EntrySymbol = "tuco/guestlib/start.entry"

// Kernel makes a paravirtual kernel of an ELF file that the Go linker wrote: it puts the Xen notes into the room behind the
// ELF headers, and has the header of the stack's permissions, which a kernel has no use for, point at them.
func Kernel(file []byte) error {
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		return err
	}
	notes := notesOf(f.Entry)
	order := binary.LittleEndian
	table, size, count := order.Uint64(file[32:]), uint64(order.Uint16(file[54:])), uint64(order.Uint16(file[56:]))
	at := table + size*count
	if sections := order.Uint64(file[40:]); sections < Text-Base { // the linker has put their table there too
		at = max(at, sections+uint64(order.Uint16(file[58:]))*uint64(order.Uint16(file[60:])))
	}
	at = (at + 15) &^ 15
	first := f.Progs[0]
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Off == 0 {
			first = p
		}
	}
	if first.Type != elf.PT_LOAD || first.Vaddr != Base {
		return fmt.Errorf("the first segment is not at %#x: was the program linked with -T %#x?", Base, Text)
	}
	if at > Text-Base {
		return fmt.Errorf("the ELF headers take %d bytes, more than a page", at)
	}
	room := file[at : Text-Base]
	if len(notes) > len(room) || len(bytes.Trim(room[:len(notes)], "\x00")) > 0 {
		return fmt.Errorf("no room for %d bytes of notes behind the ELF headers", len(notes))
	}
	for k, p := range f.Progs {
		if p.Type != elf.PT_GNU_STACK {
			continue
		}
		leaveZeros(file, f)
		copy(room, notes)
		header := file[table+size*uint64(k):]
		order.PutUint32(header, uint32(elf.PT_NOTE))
		order.PutUint32(header[4:], uint32(elf.PF_R))
		for i, v := range []uint64{at, Base + at, Base + at, uint64(len(notes)), uint64(len(notes)), 4} {
			order.PutUint64(header[8+8*i:], v)
		}
		return nil
	}
	return fmt.Errorf("no program header of type GNU_STACK, which would become that of the notes")
}

// notesOf is the notes of a guest: public header elfnote.h. It needs no hypercall page: its calls are SYSCALL.
func notesOf(entry uint64) []byte {
	var b bytes.Buffer
	number := func(typ uint32, v uint64) { note(&b, typ, binary.LittleEndian.AppendUint64(nil, v)) }
	text := func(typ uint32, s string) { note(&b, typ, append([]byte(s), 0)) }
	number(hypercall.XEN_ELFNOTE_ENTRY, entry)
	number(hypercall.XEN_ELFNOTE_VIRT_BASE, Base)
	number(hypercall.XEN_ELFNOTE_PADDR_OFFSET, Base)
	text(hypercall.XEN_ELFNOTE_XEN_VERSION, "xen-3.0")
	text(hypercall.XEN_ELFNOTE_GUEST_OS, "tuco-go")
	text(hypercall.XEN_ELFNOTE_LOADER, "generic")
	note(&b, hypercall.XEN_ELFNOTE_SUPPORTED_FEATURES, binary.LittleEndian.AppendUint32(nil, 1<<hypercall.XENFEAT_dom0))
	return b.Bytes()
}

func note(b *bytes.Buffer, typ uint32, content []byte) {
	for _, v := range []uint32{4, uint32(len(content)), typ} {
		b.Write(binary.LittleEndian.AppendUint32(nil, v))
	}
	b.WriteString("Xen\x00")
	b.Write(content)
	b.Write(make([]byte, -len(content)&3))
}

// Strip cuts off what lies behind the last segment: symbols and debugging information.
func Strip(file []byte) ([]byte, error) {
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	end := uint64(0)
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD {
			end = max(end, p.Off+p.Filesz)
		}
	}
	file = file[:end]
	binary.LittleEndian.PutUint64(file[40:], 0) // e_shoff
	clear(file[58:64])                          // e_shentsize, e_shnum, e_shstrndx
	return file, nil
}
