package ptab

import "tuco/kernel/frame"

// Flags are the bits of a page-table entry beside the frame. They are named as
// they stand in the entry of a large page; MakeLeaf puts PAT where a small one has it.
type Flags uint64

const (
	Present      Flags = 1 << 0
	Writable     Flags = 1 << 1
	User         Flags = 1 << 2
	WriteThrough Flags = 1 << 3 // PWT, lowest bit of the index into the PAT
	CacheDisable Flags = 1 << 4 // PCD, middle bit of the index
	Accessed     Flags = 1 << 5
	Dirty        Flags = 1 << 6
	Large        Flags = 1 << 7  // PS: the entry maps a page, not a table
	Global       Flags = 1 << 8  // survives a load of CR3, with CR4.PGE
	PAT          Flags = 1 << 12 // highest bit of the index; bit 7 of a 4 KiB page's entry
	NoExecute    Flags = 1 << 63 // needs EFER.NXE

	// Uncached selects entry 3 of the PAT: strongly uncacheable at power-on.
	Uncached = WriteThrough | CacheDisable
)

// Kinds of mappings of the hypervisor's.
const (
	Text   = Global
	Const  = Global | NoExecute
	Data   = Global | NoExecute | Writable
	Device = Data | Uncached
)

// mappable are the flags that a caller chooses; the others follow.
const mappable = Writable | WriteThrough | CacheDisable | Global | PAT | NoExecute

const (
	frameMask = 1<<52 - frame.PageSize // bits of an entry that hold the frame
	smallPAT  = Flags(1 << 7)          // PAT in the entry of a 4 KiB page
)

// PTE is an entry of a page table of any level.
type PTE uint64

// MakePTE makes an entry of a frame and bits as they stand in the entry. The
// flags can't reach the frame's bits nor the frame the flags'.
func MakePTE(m frame.MFN, f Flags) PTE {
	return PTE(uint64(m.Addr())&frameMask | uint64(f)&^frameMask)
}

// MakeTable makes an entry that points to a table. It allows everything: what
// a page allows is decided by its own entry.
func MakeTable(m frame.MFN) PTE { return MakePTE(m, Present|Writable|Accessed) }

// MakeLeaf makes an entry that maps a page, of the flags that a caller chooses.
// The frame is rounded down to where a page of this size can begin.
func MakeLeaf(m frame.MFN, f Flags, size Size) PTE {
	p := MakePTE(m&^frame.MFN(size.Frames()-1), f&mappable&^PAT|Present|Accessed|Dirty)
	switch {
	case size != Size4K && f&PAT != 0:
		p |= PTE(Large | PAT)
	case size != Size4K:
		p |= PTE(Large)
	case f&PAT != 0:
		p |= PTE(smallPAT)
	}
	return p
}

// Present tells whether the entry maps a page or points to a table.
func (p PTE) Present() bool { return Flags(p)&Present != 0 }

// isLeaf tells whether a present entry of a table of this level maps a page.
func (p PTE) isLeaf(level Size) bool {
	return level == Size4K || level <= Size1G && Flags(p)&Large != 0
}

// MFN is the frame that the entry holds; of a page of this size, the first.
func (p PTE) MFN(size Size) frame.MFN {
	return frame.MAddr(p&frameMask).MFN() &^ frame.MFN(size.Frames()-1)
}

// Flags are the chosen flags of an entry that maps a page of this size.
func (p PTE) Flags(size Size) Flags {
	f := Flags(p) & (mappable &^ PAT)
	if size == Size4K && Flags(p)&smallPAT != 0 || size != Size4K && Flags(p)&PAT != 0 {
		f |= PAT
	}
	return f
}
