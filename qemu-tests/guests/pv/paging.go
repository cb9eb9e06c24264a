package pv

import "tuco/hypercall"

// The bits of a page-table entry.
const (
	Present  = 1 << 0
	Write    = 1 << 1
	UserPage = 1 << 2
	Accessed = 1 << 5
	Dirty    = 1 << 6
	Large    = 1 << 7
	Avail    = 7 << 9
	NX       = 1 << 63

	RW = Present | Write | UserPage | Accessed | Dirty
	RO = Present | UserPage | Accessed

	frameMask = 1<<52 - PageSize
)

// EntryBits is an entry without the bits that a hypervisor may add for its own ends: G, and those above the frame but NX.
func EntryBits(entry uint64) uint64 {
	const global, software = 1 << 8, 0x7ff << 52
	return entry &^ (global | software)
}

// EntryMFN is the frame that an entry names.
func EntryMFN(entry uint64) uint64 { return entry & frameMask / PageSize }

// UpdateVAMapping is update_va_mapping.
func UpdateVAMapping(va, entry uint64, flags hypercall.UVMFlags) uint64 {
	return Call(hypercall.HYPERVISOR_update_va_mapping, va, entry, uint64(flags), 0, 0)
}

// Entry is where the entry lies that maps an address at a level from 4 to 1, in the tables that the builder made and what
// the guest hung into them. The tables are mapped read-only. It is nil if there is no table of that level.
func Entry(va uint64, level int) *uint64 {
	table := StartInfo.PTBase
	for l := 4; ; l-- {
		e := At[uint64](table + 8*index(va, l))
		switch {
		case l == level:
			return e
		case *e&Present == 0:
			return nil
		}
		table = Mapped(EntryMFN(*e))
	}
}

// index is the number of the entry that maps an address, in its table of a level.
func index(va uint64, level int) uint64 { return va >> (12 + 9*(level-1)) & 511 }

// Machine is the machine address of something in memory that the builder mapped.
func Machine(va uint64) uint64 { return MFN(va)*PageSize + va%PageSize }
