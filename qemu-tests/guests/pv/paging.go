package pv

import "tuco/hypercall"

// The bits of a page-table entry.
const (
	Present  = 1 << 0
	Write    = 1 << 1
	UserPage = 1 << 2
	Uncached = 1 << 4 // PCD
	Accessed = 1 << 5
	Dirty    = 1 << 6
	Large    = 1 << 7
	Global   = 1 << 8
	Avail    = 7 << 9
	NX       = 1 << 63

	RW = Present | Write | UserPage | Accessed | Dirty
	RO = Present | UserPage | Accessed

	frameMask = 1<<52 - PageSize
)

// EntryBits is an entry without the bits that a hypervisor may add for its own ends: G, and those above the frame but NX.
func EntryBits(entry uint64) uint64 {
	const software = 0x7ff << 52
	return entry &^ (Global | software)
}

// EntryMFN is the frame that an entry names.
func EntryMFN(entry uint64) uint64 { return entry & frameMask / PageSize }

// UpdateVAMapping is update_va_mapping.
func UpdateVAMapping(va, entry uint64, flags hypercall.UVMFlags) uint64 {
	return Call(hypercall.HYPERVISOR_update_va_mapping, va, entry, uint64(flags), 0, 0)
}

// MMUUpdate is mmu_update with a single change of this domain's.
func MMUUpdate(ptr, val uint64) uint64 {
	u := hypercall.MMUUpdate{Ptr: ptr, Val: val}
	return Call(hypercall.HYPERVISOR_mmu_update, Address(&u), 1, 0, uint64(hypercall.DOMID_SELF), 0)
}

// MMUExtOp is mmuext_op with a single operation.
func MMUExtOp(op hypercall.MMUExtOp) uint64 {
	return Call(hypercall.HYPERVISOR_mmuext_op, Address(&op), 1, 0, uint64(hypercall.DOMID_SELF), 0)
}

// Protect makes a page of the builder's mapping read-only, as a page table's has to be.
func Protect(va uint64) {
	Need("making a page read-only", UpdateVAMapping(va, MFN(va)*PageSize|RO, hypercall.UVMF_INVLPG))
}

// Unprotect makes it writable again.
func Unprotect(va uint64) {
	Need("making a page writable", UpdateVAMapping(va, MFN(va)*PageSize|RW, hypercall.UVMF_INVLPG))
}

// Pin makes a page, which is mapped read-only, a page table of a level for as long as it is not unpinned.
func Pin(va uint64, level int) {
	Need("pinning", MMUExtOp(hypercall.MMUExtOp{Cmd: uint32(hypercall.MMUEXT_PIN_L1_TABLE + level - 1), Arg1: MFN(va)}))
}

// Unpin undoes Pin.
func Unpin(va uint64) {
	Need("unpinning", MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_UNPIN_TABLE, Arg1: MFN(va)}))
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
