package hypercall

// TrapInfo is struct trap_info: an entry of a paravirtual guest's interrupt
// descriptor table. set_trap_table takes an array that ends at an entry with
// address 0. Public header arch-x86/xen.h.
type TrapInfo struct {
	Vector  uint8
	Flags   uint8 // see DPL and MasksEvents
	CS      uint16
	_       uint32
	Address uint64 // of the handler
}

const (
	trapDPL  = 3      // who may come here by INT n
	trapMask = 1 << 2 // the handler starts with events masked
)

// DPL says who may enter by INT n: 0 nobody, 1 and 2 the guest's kernel, 3
// its user programs too. A kernel runs in ring 3, but counts as 1.
func (t *TrapInfo) DPL() uint8 { return t.Flags & trapDPL }

// MasksEvents says whether event upcalls are masked when the handler starts,
// as by an interrupt gate.
func (t *TrapInfo) MasksEvents() bool { return t.Flags&trapMask != 0 }

// SetFlags packs who may enter and whether events are masked.
func (t *TrapInfo) SetFlags(dpl uint8, masksEvents bool) {
	t.Flags = dpl & trapDPL
	if masksEvents {
		t.Flags |= trapMask
	}
}

// XEN_EMULATE_PREFIX before an instruction asks for the hypervisor's version of
// it: UD2, then "xen". CPUID is the one instruction that it is for. Public
// header arch-x86/xen.h.
const XEN_EMULATE_PREFIX = "\x0f\x0bxen"
