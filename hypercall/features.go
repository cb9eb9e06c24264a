package hypercall

// The features that XENVER_get_features reports and that a kernel asks for in
// its ELF notes: numbers of bits. Public header features.h.
const (
	XENFEAT_writable_page_tables       = 0  // page tables may be mapped writable
	XENFEAT_writable_descriptor_tables = 1  // so may descriptor tables
	XENFEAT_auto_translated_physmap    = 2  // page tables hold guest frames
	XENFEAT_supervisor_mode_kernel     = 3  // the kernel runs in ring 0
	XENFEAT_pae_pgdir_above_4gb        = 4  // 32-bit guests
	XENFEAT_mmu_pt_update_preserve_ad  = 5  // MMU_PT_UPDATE_PRESERVE_AD is known
	XENFEAT_highmem_assist             = 6  // MMUEXT_CLEAR_PAGE and COPY_PAGE are known
	XENFEAT_gnttab_map_avail_bits      = 7  // grant maps may set bits that are free for software
	XENFEAT_hvm_callback_vector        = 8  // upcalls by a vector
	XENFEAT_hvm_safe_pvclock           = 9  // pvclock holds in PVH guests
	XENFEAT_hvm_pirqs                  = 10 // physical interrupts for PVH guests
	XENFEAT_dom0                       = 11 // it can be domain 0
	XENFEAT_memory_op_vnode_supported  = 13 // virtual NUMA nodes
	XENFEAT_ARM_SMCCC_supported        = 14 // ARM
	XENFEAT_linux_rsdp_unrestricted    = 15 // the RSDP may be anywhere
	XENFEAT_not_direct_mapped          = 16 // guest frames are not machine frames
	XENFEAT_direct_mapped              = 17 // they are
	XENFEAT_NR_SUBMAPS                 = 1
)
