package hypercall

// MMUUpdate is struct mmu_update: one change of a page table, or of the
// machine-to-physical table. Public header xen.h.
type MMUUpdate struct {
	Ptr uint64 // machine address of the entry, with an MMU_* command in bits 1:0
	Val uint64 // what to write
}

// The commands of an MMUUpdate.
const (
	MMU_NORMAL_PT_UPDATE       = 0 // write a page-table entry, if that is safe
	MMU_MACHPHYS_UPDATE        = 1 // the frame at Ptr has pseudo-physical number Val
	MMU_PT_UPDATE_PRESERVE_AD  = 2 // write it, and keep accessed and dirty bits that are set
	MMU_PT_UPDATE_NO_TRANSLATE = 3 // as 0 for guests that hold machine frames

	mmuCommands = 3
)

// Cmd is the command.
func (u MMUUpdate) Cmd() uint8 { return uint8(u.Ptr & mmuCommands) }

// Addr is the machine address, without the command. It is a multiple of 4, not
// always of 8.
func (u MMUUpdate) Addr() uint64 { return u.Ptr &^ mmuCommands }

// ForeignDom says, for mmu_update and mmuext_op, whose frames are meant.
// Public header xen.h.
type ForeignDom uint32

// Frames is the domain that owns the frames which entries are to map.
func (f ForeignDom) Frames() DomID { return DomID(f) }

// Tables is the domain that owns the page tables to change, as its number plus
// one says it in bits 31:16; if they are 0 none is named, and it is the caller.
func (f ForeignDom) Tables() (id DomID, named bool) {
	return DomID(f>>16 - 1), f>>16 != 0
}

// UVMFlags says what update_va_mapping flushes after its change. Public header
// xen.h.
type UVMFlags uint64

// What to flush, in bits 1:0, and where. The rest is the address of a bitmap of
// vCPUs; without one the calling vCPU is meant.
const (
	UVMF_NONE           UVMFlags = 0 // nothing
	UVMF_TLB_FLUSH      UVMFlags = 1 // everything
	UVMF_INVLPG         UVMFlags = 2 // the address that changed
	UVMF_FLUSHTYPE_MASK UVMFlags = 3
	UVMF_MULTI          UVMFlags = 0 // the vCPUs of the bitmap
	UVMF_LOCAL          UVMFlags = 0 // the calling vCPU
	UVMF_ALL            UVMFlags = 4 // all vCPUs of the domain
)

// Type is UVMF_NONE, UVMF_TLB_FLUSH, UVMF_INVLPG, or 3, which is none of them.
func (f UVMFlags) Type() UVMFlags { return f & UVMF_FLUSHTYPE_MASK }

// Where is UVMF_LOCAL, UVMF_ALL, or the address of a bitmap: see VCPUMask.
func (f UVMFlags) Where() UVMFlags { return f &^ UVMF_FLUSHTYPE_MASK }

// VCPUMask is the bitmap's address, if Where is neither UVMF_LOCAL nor
// UVMF_ALL.
func (f UVMFlags) VCPUMask() Handle[uint64] { return Handle[uint64](f.Where()) }
