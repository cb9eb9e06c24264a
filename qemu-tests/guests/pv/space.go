package pv

import "tuco/hypercall"

// A Space is page tables for a stretch of 2 MiB in the lower half of the address space, where nothing is mapped at
// first: a table of each level from 1 to 3, for user mode or the kernel to hang into their roots.
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
