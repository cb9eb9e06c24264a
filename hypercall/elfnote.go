package hypercall

// The notes by which a kernel tells how it wants to be started: the type of an
// ELF note whose name is "Xen". A number has 4 or 8 bytes; a text ends at a
// zero. Public header elfnote.h.
const (
	XEN_ELFNOTE_INFO               = 0  // text
	XEN_ELFNOTE_ENTRY              = 1  // virtual address of the entry
	XEN_ELFNOTE_HYPERCALL_PAGE     = 2  // virtual address of the hypercall page
	XEN_ELFNOTE_VIRT_BASE          = 3  // virtual address of the domain's first page
	XEN_ELFNOTE_PADDR_OFFSET       = 4  // to be taken off the physical addresses of the ELF file
	XEN_ELFNOTE_XEN_VERSION        = 5  // text: "xen-3.0"
	XEN_ELFNOTE_GUEST_OS           = 6  // text
	XEN_ELFNOTE_GUEST_VERSION      = 7  // text
	XEN_ELFNOTE_LOADER             = 8  // text: "generic"
	XEN_ELFNOTE_PAE_MODE           = 9  // text; 32-bit guests
	XEN_ELFNOTE_FEATURES           = 10 // text: names of XENFEAT_* between |, a ! before those that it needs
	XEN_ELFNOTE_BSD_SYMTAB         = 11 // text: "yes" if it needs its symbol table
	XEN_ELFNOTE_HV_START_LOW       = 12 // the lowest address that the hypervisor may take
	XEN_ELFNOTE_L1_MFN_VALID       = 13 // pairs of mask and value: L1 entries that hold a frame though not present
	XEN_ELFNOTE_SUSPEND_CANCEL     = 14 // not 0: a suspend may be cancelled
	XEN_ELFNOTE_INIT_P2M           = 15 // virtual address at which it wants the p2m
	XEN_ELFNOTE_MOD_START_PFN      = 16 // not 0: the module need not be mapped
	XEN_ELFNOTE_SUPPORTED_FEATURES = 17 // a bit for each XENFEAT_* that it knows
	XEN_ELFNOTE_PHYS32_ENTRY       = 18 // physical address of the PVH entry
	XEN_ELFNOTE_MAX                = XEN_ELFNOTE_PHYS32_ENTRY
)
