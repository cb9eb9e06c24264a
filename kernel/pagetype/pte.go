package pagetype

import "tuco/kernel/frame"

// PTE is an entry of a page table of any level, as the processor reads it.
// AMD64 Architecture Programmer's Manual vol. 2, "Long-Mode Page Translation".
type PTE uint64

const (
	Present      PTE = 1 << 0
	RW           PTE = 1 << 1
	User         PTE = 1 << 2
	WriteThrough PTE = 1 << 3
	CacheDisable PTE = 1 << 4
	Accessed     PTE = 1 << 5
	Dirty        PTE = 1 << 6
	PAT          PTE = 1 << 7 // in an L1 entry
	Large        PTE = 1 << 7 // above
	Global       PTE = 1 << 8
	NoExecute    PTE = 1 << 63

	frameBits PTE = 1<<52 - frame.PageSize
	keyBits   PTE = 15 << 59 // protection keys, which no domain has

	cacheBits = WriteThrough | CacheDisable | PAT

	// What an entry that a guest makes may not have.
	leafRefused  = keyBits
	tableRefused = WriteThrough | CacheDisable | Large | Global | keyBits
)

// MFN is the frame that the entry names.
func (e PTE) MFN() frame.MFN { return frame.MFN(e & frameBits >> frame.PageShift) }

// MakePTE makes an entry; neither the flags nor the frame reach the other's bits.
func MakePTE(m frame.MFN, flags PTE) PTE {
	return PTE(m)<<frame.PageShift&frameBits | flags&^frameBits
}

// Entries is the number of entries of a table.
const Entries = 512

// Slots of an L4 that are the hypervisor's. Public header arch-x86/xen-x86_64.h:
// the guest's address space leaves out slots 256 to 271.
const (
	FirstSlot = 256
	EndSlot   = 272
	Slots     = EndSlot - FirstSlot
)

// ours tells whether the entry of a table of this level is the hypervisor's.
func ours(level Type, i int) bool { return level == L4 && i >= FirstSlot && i < EndSlot }

// harmless tells whether a processor that speculates past a cleared present bit
// (L1 terminal fault) finds nothing at the entry's address.
func (s *Space) harmless(e PTE) bool {
	a := frame.MAddr(e & frameBits)
	return a == 0 || a >= s.SafeAbove
}
