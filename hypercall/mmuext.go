package hypercall

// MMUExtOp is struct mmuext_op: an operation on a page table, on the TLBs, or
// on a page. Public header xen.h. The arguments are unions; the methods say
// what they are.
type MMUExtOp struct {
	Cmd  uint32 // MMUEXT_*
	_    uint32
	Arg1 uint64
	Arg2 uint64
}

// The commands of an MMUExtOp, and what they take.
const (
	MMUEXT_PIN_L1_TABLE       = 0  // MFN
	MMUEXT_PIN_L2_TABLE       = 1  // MFN
	MMUEXT_PIN_L3_TABLE       = 2  // MFN
	MMUEXT_PIN_L4_TABLE       = 3  // MFN
	MMUEXT_UNPIN_TABLE        = 4  // MFN
	MMUEXT_NEW_BASEPTR        = 5  // MFN of the L4 table for kernel mode
	MMUEXT_TLB_FLUSH_LOCAL    = 6  //
	MMUEXT_INVLPG_LOCAL       = 7  // LinearAddr
	MMUEXT_TLB_FLUSH_MULTI    = 8  // VCPUMask
	MMUEXT_INVLPG_MULTI       = 9  // LinearAddr, VCPUMask
	MMUEXT_TLB_FLUSH_ALL      = 10 //
	MMUEXT_INVLPG_ALL         = 11 // LinearAddr
	MMUEXT_FLUSH_CACHE        = 12 //
	MMUEXT_SET_LDT            = 13 // LinearAddr, NrEnts
	MMUEXT_NEW_USER_BASEPTR   = 15 // MFN of the L4 table for user mode, or 0
	MMUEXT_CLEAR_PAGE         = 16 // MFN
	MMUEXT_COPY_PAGE          = 17 // MFN, SrcMFN
	MMUEXT_FLUSH_CACHE_GLOBAL = 18 //
	MMUEXT_MARK_SUPER         = 19 // MFN of a superpage's first frame
	MMUEXT_UNMARK_SUPER       = 20 // MFN
)

// MFN is the frame that is meant.
func (o *MMUExtOp) MFN() XenPFN { return XenPFN(o.Arg1) }

// LinearAddr is the virtual address to flush, or of the LDT.
func (o *MMUExtOp) LinearAddr() uint64 { return o.Arg1 }

// NrEnts is the number of the LDT's entries.
func (o *MMUExtOp) NrEnts() uint32 { return uint32(o.Arg2) }

// VCPUMask is the address of a bitmap of vCPUs.
func (o *MMUExtOp) VCPUMask() Handle[uint64] { return Handle[uint64](o.Arg2) }

// SrcMFN is the frame to copy from.
func (o *MMUExtOp) SrcMFN() XenPFN { return XenPFN(o.Arg2) }
