package pv

import "tuco/hypercall"

// A Space is page tables for a stretch of 2 MiB of the address space, where nothing is mapped at first: a table of each level from 1 to 3, for user mode or the kernel to hang into their roots.
type Space struct {
	VA     uint64 // the first address
	tables [4]uint64
}

// Make makes the tables, from the lowest.
func (s *Space) Make(va uint64) {
	s.VA = va
	for level := 1; level <= 3; level++ {
		s.tables[level] = AllocPage()
		if level > 1 {
			*At[uint64](s.tables[level] + 8*index(va, level)) = MFN(s.tables[level-1])*PageSize | TableFlags
		}
		Protect(s.tables[level])
	}
	Pin(s.tables[3], 3)
}

// TableFlags are those of an entry for another table.
const TableFlags = Present | Write | UserPage | Accessed | Dirty

// HangInto puts the tables into a root: an L4 table that the builder mapped.
func (s *Space) HangInto(root uint64) {
	Need("hanging tables into a root", MMUUpdate(Machine(root+8*index(s.VA, 4)), MFN(s.tables[3])*PageSize|TableFlags))
}

// TakeFrom undoes HangInto.
func (s *Space) TakeFrom(root uint64) {
	Need("taking tables from a root", MMUUpdate(Machine(root+8*index(s.VA, 4)), 0))
}

// Map sets the entry for an address of the stretch.
func (s *Space) Map(va, entry uint64) {
	Need("mapping", MMUUpdate(Machine(s.tables[1]+8*index(va, 1)), entry))
}

// Free gives the tables back. No root has them.
func (s *Space) Free() {
	Unpin(s.tables[3])
	for level := 3; level >= 1; level-- {
		Unprotect(s.tables[level])
		FreePage(s.tables[level])
	}
}

// slotShift is how far the number of an L4 entry is shifted in an address.
const slotShift = 39

// SlotBase is the first address of a slot of an L4 table.
func SlotBase(slot uint64) uint64 { return uint64(int64(slot<<(slotShift+16)) >> 16) }

// Install makes tables for the first addresses of a slot of the kernel's root, and hangs them there.
func (s *Space) Install(slot uint64) {
	s.Make(SlotBase(slot))
	s.HangInto(StartInfo.PTBase)
}

// Remove undoes Install.
func (s *Space) Remove() {
	s.TakeFrom(StartInfo.PTBase)
	s.Free()
}

// Table is the table of a level from 1 to 3: a page that is mapped read-only.
func (s *Space) Table(level int) uint64 { return s.tables[level] }

// Page is the address of the stretch's page i.
func (s *Space) Page(i uint64) uint64 { return s.VA + i*PageSize }

// Entry is what the L1 has for page i, without the bits that are the hypervisor's to choose.
func (s *Space) Entry(i uint64) uint64 { return EntryBits(*At[uint64](s.tables[1] + 8*i)) }

// Set changes it, if that is allowed.
func (s *Space) Set(i, entry uint64) uint64 { return SetEntry(s.tables[1], i, entry) }

// NewRoot is an L4 table with nothing in it, pinned.
func NewRoot() uint64 {
	va := AllocPage()
	Protect(va)
	Pin(va, 4)
	return va
}

// FreeRoot gives a root back that is loaded nowhere.
func FreeRoot(va uint64) {
	Unpin(va)
	Unprotect(va)
	FreePage(va)
}

// DropUserRoot leaves this vCPU without a root for user mode.
func DropUserRoot() {
	Need("NEW_USER_BASEPTR", MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_NEW_USER_BASEPTR}))
}

// EntryAddress is the machine address of the entry for an address of the stretch.
func (s *Space) EntryAddress(va uint64) uint64 { return Machine(s.tables[1] + 8*index(va, 1)) }
