package hypercall

// The end of every GDT is the hypervisor's: entries that a guest may use and
// can't change. Public header arch-x86/xen.h.
const (
	FIRST_RESERVED_GDT_PAGE  = 14
	FIRST_RESERVED_GDT_BYTE  = FIRST_RESERVED_GDT_PAGE * 4096
	FIRST_RESERVED_GDT_ENTRY = FIRST_RESERVED_GDT_BYTE / 8
)

// The flat selectors among them. The guest's kernel and its user programs both
// run in ring 3, so theirs are the same. Public header
// arch-x86/xen-x86_64.h.
const (
	FLAT_RING3_CS32 = 0xe023 // 32-bit code
	FLAT_RING3_DS32 = 0xe02b // data
	FLAT_RING3_SS32 = 0xe02b
	FLAT_RING3_CS64 = 0xe033 // 64-bit code
	FLAT_RING3_DS64 = 0      // null: 64-bit code needs no data segment
	FLAT_RING3_SS64 = 0xe02b

	FLAT_KERNEL_CS64 = FLAT_RING3_CS64
	FLAT_KERNEL_CS   = FLAT_KERNEL_CS64
	FLAT_KERNEL_DS64 = FLAT_RING3_DS64
	FLAT_KERNEL_DS   = FLAT_KERNEL_DS64
	FLAT_KERNEL_SS64 = FLAT_RING3_SS64
	FLAT_KERNEL_SS   = FLAT_KERNEL_SS64

	FLAT_USER_CS32 = FLAT_RING3_CS32
	FLAT_USER_DS32 = FLAT_RING3_DS32
	FLAT_USER_SS32 = FLAT_RING3_SS32
	FLAT_USER_CS64 = FLAT_RING3_CS64
	FLAT_USER_CS   = FLAT_USER_CS64
	FLAT_USER_DS64 = FLAT_RING3_DS64
	FLAT_USER_DS   = FLAT_USER_DS64
	FLAT_USER_SS64 = FLAT_RING3_SS64
	FLAT_USER_SS   = FLAT_USER_SS64
)

// What set_segment_base sets. Public header arch-x86/xen-x86_64.h.
const (
	SEGBASE_FS          = 0 // the base of FS
	SEGBASE_GS_USER     = 1 // the base of GS in user mode
	SEGBASE_GS_KERNEL   = 2 // the base of GS in kernel mode
	SEGBASE_GS_USER_SEL = 3 // the selector of GS in user mode
)
