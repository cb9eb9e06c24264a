package goport

import (
	"debug/elf"
	"encoding/binary"
	"strings"
)

// Program headers of this type are for the library (guestlib/mm): zeros at the image's end that it is to map when they are touched.
const zerosLater = 0x6f75_6273

// large is the size of variables that are left to the library.
const large = 1 << 20

// leaveZeros has the domain's builder know nothing of large variables at the end of the image that are zero: it would make
// pages for all of them. The linker puts the largest last. What tells the library takes the place of the header of the headers,
// which a kernel has no use for.
func leaveZeros(file []byte, f *elf.File) {
	order := binary.LittleEndian
	table, size := order.Uint64(file[32:]), uint64(order.Uint16(file[54:]))
	image, headers := -1, -1
	for i, p := range f.Progs {
		switch {
		case p.Type == elf.PT_PHDR:
			headers = i
		case p.Type == elf.PT_LOAD && (image < 0 || p.Vaddr > f.Progs[image].Vaddr):
			image = i
		}
	}
	if image < 0 || headers < 0 {
		return
	}
	p := f.Progs[image]
	end := p.Vaddr + p.Memsz
	cut := (firstLarge(f, p.Vaddr+p.Filesz, end) + 0xfff) &^ 0xfff
	if cut >= end {
		return
	}
	const memorySize = 40 // where it is in a header
	order.PutUint64(file[table+size*uint64(image)+memorySize:], cut-p.Vaddr)
	h := file[table+size*uint64(headers):]
	order.PutUint32(h, zerosLater)
	order.PutUint32(h[4:], uint32(elf.PF_R|elf.PF_W))
	for i, v := range []uint64{0, cut, cut, 0, end - cut, 0x1000} {
		order.PutUint64(h[8+8*i:], v)
	}
}

// firstLarge is where the large variables begin at the end of some zeros, or the end. None of the library's is among them.
func firstLarge(f *elf.File, start, end uint64) uint64 {
	symbols, err := f.Symbols()
	if err != nil {
		return end // a program without symbols keeps all
	}
	after := start // the end of what is not large
	for _, s := range symbols {
		if s.Value < start || s.Value >= end || s.Size >= large && !strings.HasPrefix(s.Name, library) {
			continue
		}
		after = max(after, s.Value+s.Size)
	}
	first := end
	for _, s := range symbols {
		if s.Value >= after && s.Value < first && s.Size >= large {
			first = s.Value
		}
	}
	return first
}
