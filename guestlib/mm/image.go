package mm

import "tuco/guestlib/hypercalls"

// header is the head of an ELF file, and segment one of its program headers. Package debug/elf has them too, but would
// bring along much that every guest had to carry.
type header struct {
	_                [32]byte
	phoff            uint64
	_                [14]byte
	phentsize, phnum uint16
	_                [6]byte
}

type segment struct {
	kind, flags          uint32
	_, vaddr, _, _, size uint64
}

// Values of a segment.
const (
	loaded         = 1 // kind
	execute, write = 1, 2

	zerosLater = 0x6f75_6273 // kind: tools/goport says that the library is to map these zeros, which the builder has not
)

func (h *header) segment(i uint16) *segment {
	return hypercalls.At[segment](Base + h.phoff + uint64(i)*uint64(h.phentsize))
}

// ProtectImage gives the pages of the program's image the protection that its segments ask for: text is read-only, constants
// are, and nothing but text can be executed. The builder mapped everything for everything. It takes some hundred updates, so
// it is done when there is time for it.
//
// The ELF header is the first of the image.
func ProtectImage() {
	lock.Lock()
	h := hypercalls.At[header](Base)
	for i := range h.phnum {
		s := h.segment(i)
		if s.kind != loaded {
			continue
		}
		bits := uint64(readOnly | noExec)
		switch {
		case s.flags&write != 0:
			bits = readWrite | noExec
		case s.flags&execute != 0:
			bits = readOnly
		}
		for va := s.vaddr &^ (PageSize - 1); va < s.vaddr+s.size; va += PageSize {
			l1, _ := table(va, 1)
			queue.Add(Machine(l1+8*index(va, 1)), machineOf(pfn((va-Base)/PageSize))|bits)
		}
	}
	wait()
	flush()
	lock.Unlock()
}
