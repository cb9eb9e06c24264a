package ptab

import (
	"sync/atomic"

	"tuco/kernel/frame"
)

// Table is a page table. Processors read it at any time, so that entries are
// written whole.
type Table [Entries]atomic.Uint64

// Memory is where tables live.
type Memory interface {
	// Table returns the table in a frame.
	Table(m frame.MFN) *Table
	// Alloc returns a frame for a table, whatever it holds, or false.
	Alloc() (frame.MFN, bool)
}

// Space is an address space.
type Space struct {
	Root    frame.MFN // what CR3 holds
	Largest Size      // the largest page that the processor knows
	memory  Memory
}

// Init gives the space an empty root table.
func (s *Space) Init(memory Memory, largest Size) Result {
	s.memory, s.Largest = memory, largest
	m, ok := s.table()
	if !ok {
		return NoMemory
	}
	s.Root = m
	return OK
}

// Open takes up a space that exists, such as the one that the boot code made.
func (s *Space) Open(root frame.MFN, memory Memory, largest Size) {
	s.Root, s.memory, s.Largest = root, memory, largest
}

// table returns an empty table. It is cleared here, whatever the frame's source
// promises: garbage in a page table maps anything to anywhere.
func (s *Space) table() (frame.MFN, bool) {
	m, ok := s.memory.Alloc()
	if ok {
		t := s.memory.Table(m)
		for i := range t {
			t[i].Store(0)
		}
	}
	return m, ok
}

// slot is the entry that decides about an address: one that maps a page, or
// one that is not present.
type slot struct {
	entry   *atomic.Uint64
	level   Size
	pte     PTE
	allowed Flags // Writable and User where all upper entries have them, NoExecute where one has
}

// find follows the tables down to the address's slot.
func (s *Space) find(v frame.VAddr) slot {
	at := slot{level: rootLevel, allowed: Writable | User}
	for table := s.Root; ; at.level-- {
		at.entry = &s.memory.Table(table)[at.level.index(v)]
		at.pte = PTE(at.entry.Load())
		if !at.pte.Present() || at.pte.isLeaf(at.level) {
			return at
		}
		f := Flags(at.pte)
		at.allowed = at.allowed&f&(Writable|User) | (at.allowed|f)&NoExecute
		table = at.pte.MFN(Size4K)
	}
}

// after is the first address that the slot of v does not span. It wraps to 0 at
// the end of the address space.
func (at *slot) after(v frame.VAddr) frame.VAddr {
	return (v | (at.level.bytes() - 1)) + 1
}

// Mapping is what an address translates to.
type Mapping struct {
	MFN   frame.MFN // the 4 KiB frame
	Flags Flags     // Writable, NoExecute and User as all levels together allow
	Size  Size      // of the page that maps it
}

// Lookup translates an address.
func (s *Space) Lookup(v frame.VAddr) (Mapping, bool) {
	if !v.Canonical() {
		return Mapping{}, false
	}
	at := s.find(v)
	if !at.pte.Present() {
		return Mapping{}, false
	}
	inside := uint64(v) % uint64(at.level.bytes()) / frame.PageSize
	return Mapping{at.pte.MFN(at.level) + frame.MFN(inside), at.flags(), at.level}, true
}

// flags are the flags of the slot's page, as all levels together allow.
func (at *slot) flags() Flags {
	f := at.pte.Flags(at.level) | Flags(at.pte)&User
	return f&^(Writable|User) | f&at.allowed | at.allowed&NoExecute
}
