package hypercall

// The part of every paravirtual guest's address space that is the
// hypervisor's: L4 slots 256 to 271. Its first 256 GiB are the
// machine-to-physical table, which guests may read. Public header
// arch-x86/xen-x86_64.h.
const (
	HYPERVISOR_VIRT_START = 0xffff_8000_0000_0000
	HYPERVISOR_VIRT_END   = 0xffff_8800_0000_0000
	MACH2PHYS_VIRT_START  = 0xffff_8000_0000_0000
	MACH2PHYS_VIRT_END    = 0xffff_8040_0000_0000
	MACH2PHYS_NR_ENTRIES  = (MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3
)
