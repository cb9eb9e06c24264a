package pv

import "tuco/hypercall"

// Features are the XENFEAT_* that a paravirtual domain has, a bit each: what
// XENVER_get_features says, and what a kernel's notes may require.
func Features(privileged bool) uint32 {
	const all = 1<<hypercall.XENFEAT_pae_pgdir_above_4gb | 1<<hypercall.XENFEAT_mmu_pt_update_preserve_ad |
		1<<hypercall.XENFEAT_highmem_assist | 1<<hypercall.XENFEAT_gnttab_map_avail_bits |
		1<<hypercall.XENFEAT_memory_op_vnode_supported
	if privileged {
		return all | 1<<hypercall.XENFEAT_dom0
	}
	return all
}
