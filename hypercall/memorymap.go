package hypercall

import "encoding/binary"

// XenMemoryMap is struct xen_memory_map: where a memory map goes. Public
// header memory.h.
type XenMemoryMap struct {
	NrEntries uint32 // [guest] room, [tuco] entries written
	_         uint32
	Buffer    Handle[E820Entry] // 0: only count
}

// XenForeignMemoryMap is struct xen_foreign_memory_map: the map of a domain.
type XenForeignMemoryMap struct {
	DomID DomID
	_     [3]uint16
	Map   XenMemoryMap
}

// E820Entry is a stretch of a memory map as the BIOS call INT 15h, EAX=E820h
// gives it: packed, so that every second entry is not aligned.
type E820Entry [20]byte

// Types of an E820Entry. ACPI specification, "System Address Map Interfaces".
const (
	E820RAM      = 1
	E820Reserved = 2
	E820ACPI     = 3 // tables that may be overwritten after they are read
	E820NVS      = 4 // memory that firmware needs across sleep
	E820Unusable = 5 // bad RAM
)

// MakeE820 is an entry for size bytes from addr on.
func MakeE820(addr, size uint64, kind uint32) (e E820Entry) {
	binary.LittleEndian.PutUint64(e[0:], addr)
	binary.LittleEndian.PutUint64(e[8:], size)
	binary.LittleEndian.PutUint32(e[16:], kind)
	return e
}

// Addr is the address of the stretch.
func (e *E820Entry) Addr() uint64 { return binary.LittleEndian.Uint64(e[0:]) }

// Size is its length in bytes.
func (e *E820Entry) Size() uint64 { return binary.LittleEndian.Uint64(e[8:]) }

// Type says what it is.
func (e *E820Entry) Type() uint32 { return binary.LittleEndian.Uint32(e[16:]) }
