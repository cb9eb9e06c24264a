package hypercall

var mmuUpdate = Call{
	Name: "mmu_update", Guests: PV, Caller: Partly, State: Implemented,
	Args: []Arg{{In, "reqs", "mmu_update"}, {Uint, "count", ""}, {Out, "done_out", "unsigned int"}, {Uint, "foreigndom", ""}},
	Does: "Changes page-table entries, in order, each checked as if the table were validated again; it stops at the first that is refused and says how many were done. A frame that is no page table is written to if it may be writable.",
	Fails: []Failure{
		{EINVAL, "the frame to change is not the domain's, or is in use for descriptors; the entry has bits that a guest may not set, or is in a slot of the hypervisor's; it is to point to a table that is not the domain's or can't be one of that level"},
		{EBUSY, "an L1 entry is for a frame that is not the owner's, or for writing to one that is in use as a table or for descriptors"},
		{EPERM, "the caller has no rights over the domain in foreigndom; an L1 entry is for a frame that is not RAM and not given to the domain"},
		{ESRCH, "there is no such domain, or it is the caller by its own number"},
		{ENOMEM, "a count would overflow"},
	},
	Ops: []Op{
		{Cmd: MMU_NORMAL_PT_UPDATE, Name: "MMU_NORMAL_PT_UPDATE", State: Implemented},
		{Cmd: MMU_MACHPHYS_UPDATE, Name: "MMU_MACHPHYS_UPDATE", State: Implemented},
		{Cmd: MMU_PT_UPDATE_PRESERVE_AD, Name: "MMU_PT_UPDATE_PRESERVE_AD", State: Implemented},
		{Cmd: MMU_PT_UPDATE_NO_TRANSLATE, Name: "MMU_PT_UPDATE_NO_TRANSLATE", State: Implemented, Note: "the same as MMU_NORMAL_PT_UPDATE for guests that may call this"},
	},
}

var updateVAMapping = Call{
	Name: "update_va_mapping", Guests: PV, State: Implemented,
	Args: []Arg{{Ulong, "va", ""}, {Ulong, "val", ""}, {Ulong, "flags", ""}},
	Does: "Changes the L1 entry that maps an address in the current page tables, and flushes what flags say.",
	Fails: []Failure{
		{EINVAL, "nothing maps va at level 1, or as for mmu_update"},
		{EBUSY, "as for mmu_update"},
		{EPERM, "as for mmu_update"},
		{EFAULT, "the bitmap of vCPUs can't be read; the entry has changed"},
	},
}

var updateVAMappingOtherdomain = Call{
	Name: "update_va_mapping_otherdomain", Guests: PV, Caller: Partly, State: Implemented,
	Args: []Arg{{Ulong, "va", ""}, {Ulong, "val", ""}, {Ulong, "flags", ""}, {Domain, "domid", ""}},
	Does: "As update_va_mapping, to map a frame of another domain, which is for privileged domains, or of a device with DOMID_IO.",
	Fails: []Failure{
		{EINVAL, "as for update_va_mapping"},
		{EBUSY, "as for mmu_update"},
		{EPERM, "the caller has no rights over the domain, or as for mmu_update"},
		{ESRCH, "there is no such domain, or it is the caller by its own number"},
		{EFAULT, "as for update_va_mapping"},
	},
}

var mmuextOp = Call{
	Name: "mmuext_op", Guests: PV, Caller: Partly, State: Implemented,
	Args: []Arg{{In, "ops", "mmuext_op"}, {Uint, "count", ""}, {Out, "done_out", "unsigned int"}, {Uint, "foreigndom", ""}},
	Does: "Pins and unpins page tables, loads their roots, flushes TLBs, sets the LDT; it stops at the first operation that is refused and says how many were done.",
	Fails: []Failure{
		{EINVAL, "the frame is not the domain's, is in use as something else, is pinned already or not pinned; what an entry of a table is refused for; the LDT's address or size; a bitmap of vCPUs that can't be read; flushing all caches without devices' memory"},
		{EBUSY, "an entry of a table to be pinned is refused with it: see mmu_update"},
		{EPERM, "the caller has no rights over the domain in foreigndom, or names one where an operation is about the caller; an entry as with mmu_update"},
		{EACCES, "flushing this CPU's caches without devices' memory"},
		{ESRCH, "there is no such domain, or it is the caller by its own number"},
		{ENOMEM, "a count would overflow"},
	},
	Ops: []Op{
		{Cmd: MMUEXT_PIN_L1_TABLE, Name: "MMUEXT_PIN_L1_TABLE", State: Implemented},
		{Cmd: MMUEXT_PIN_L2_TABLE, Name: "MMUEXT_PIN_L2_TABLE", State: Implemented},
		{Cmd: MMUEXT_PIN_L3_TABLE, Name: "MMUEXT_PIN_L3_TABLE", State: Implemented},
		{Cmd: MMUEXT_PIN_L4_TABLE, Name: "MMUEXT_PIN_L4_TABLE", State: Implemented},
		{Cmd: MMUEXT_UNPIN_TABLE, Name: "MMUEXT_UNPIN_TABLE", State: Implemented},
		{Cmd: MMUEXT_NEW_BASEPTR, Name: "MMUEXT_NEW_BASEPTR", State: Implemented},
		{Cmd: MMUEXT_TLB_FLUSH_LOCAL, Name: "MMUEXT_TLB_FLUSH_LOCAL", State: Implemented},
		{Cmd: MMUEXT_INVLPG_LOCAL, Name: "MMUEXT_INVLPG_LOCAL", State: Implemented},
		{Cmd: MMUEXT_TLB_FLUSH_MULTI, Name: "MMUEXT_TLB_FLUSH_MULTI", State: Implemented},
		{Cmd: MMUEXT_INVLPG_MULTI, Name: "MMUEXT_INVLPG_MULTI", State: Implemented},
		{Cmd: MMUEXT_TLB_FLUSH_ALL, Name: "MMUEXT_TLB_FLUSH_ALL", State: Implemented},
		{Cmd: MMUEXT_INVLPG_ALL, Name: "MMUEXT_INVLPG_ALL", State: Implemented},
		{Cmd: MMUEXT_FLUSH_CACHE, Name: "MMUEXT_FLUSH_CACHE", State: Implemented, Note: "for domains that were given I/O memory"},
		{Cmd: MMUEXT_SET_LDT, Name: "MMUEXT_SET_LDT", State: Implemented},
		{Cmd: MMUEXT_NEW_USER_BASEPTR, Name: "MMUEXT_NEW_USER_BASEPTR", State: Implemented},
		{Cmd: MMUEXT_CLEAR_PAGE, Name: "MMUEXT_CLEAR_PAGE", State: Implemented},
		{Cmd: MMUEXT_COPY_PAGE, Name: "MMUEXT_COPY_PAGE", State: Implemented},
		{Cmd: MMUEXT_FLUSH_CACHE_GLOBAL, Name: "MMUEXT_FLUSH_CACHE_GLOBAL", State: Implemented, Note: "for domains that were given I/O memory"},
		{Cmd: MMUEXT_MARK_SUPER, Name: "MMUEXT_MARK_SUPER", State: Absent, Note: "EOPNOTSUPP: guests have no superpages of their own"},
		{Cmd: MMUEXT_UNMARK_SUPER, Name: "MMUEXT_UNMARK_SUPER", State: Absent, Note: "as MMUEXT_MARK_SUPER"},
	},
}

var memoryOp = Call{
	Name: "memory_op", Guests: AnyGuest, Caller: Partly, State: Implemented,
	Args:   []Arg{{Ulong, "cmd", ""}, {InOut, "arg", ""}},
	Result: "increase, decrease and populate: how many extents are done, which may be fewer than asked for; maximum and current numbers: that number",
	Does:   "Gives and takes memory, and tells about it. An extent has at most 2 MiB.",
	Fails: []Failure{
		{EINVAL, "exchange: counts that make no sense, two domains, or a frame that is not the domain's or is in use; machine_memory_map: no room for all of it; set_memory_map: more than 64 entries"},
		{EPERM, "the caller has no rights over the domain; exchange: extents of more than 2 MiB"},
		{ESRCH, "there is no such domain"},
		{ENOMEM, "exchange: the machine has no such memory"},
		{EACCES, "add_to_physmap and its like by a PV domain"},
		{ENOSYS, "memory_map: the domain was given none, as domain 0 is not"},
	},
	Ops: []Op{
		{Cmd: XENMEM_increase_reservation, Name: "XENMEM_increase_reservation", Type: "xen_memory_reservation", State: Implemented},
		{Cmd: XENMEM_decrease_reservation, Name: "XENMEM_decrease_reservation", Type: "xen_memory_reservation", State: Implemented},
		{Cmd: XENMEM_maximum_ram_page, Name: "XENMEM_maximum_ram_page", State: Implemented},
		{Cmd: XENMEM_current_reservation, Name: "XENMEM_current_reservation", Type: "xen_memory_domain", State: Implemented},
		{Cmd: XENMEM_maximum_reservation, Name: "XENMEM_maximum_reservation", Type: "xen_memory_domain", State: Implemented},
		{Cmd: XENMEM_machphys_mfn_list, Name: "XENMEM_machphys_mfn_list", Type: "xen_machphys_mfn_list", State: Implemented},
		{Cmd: XENMEM_populate_physmap, Name: "XENMEM_populate_physmap", Type: "xen_memory_reservation", State: Implemented},
		{Cmd: XENMEM_add_to_physmap, Name: "XENMEM_add_to_physmap", Type: "xen_add_to_physmap", Note: "PVH domains"},
		{Cmd: XENMEM_memory_map, Name: "XENMEM_memory_map", Type: "xen_memory_map", State: Implemented},
		{Cmd: XENMEM_machine_memory_map, Name: "XENMEM_machine_memory_map", Type: "xen_memory_map", Caller: Privileged, State: Implemented},
		{Cmd: XENMEM_exchange, Name: "XENMEM_exchange", Type: "xen_memory_exchange", State: Implemented, Note: "PV domains"},
		{Cmd: XENMEM_machphys_mapping, Name: "XENMEM_machphys_mapping", Type: "xen_machphys_mapping", State: Implemented, Note: "PV domains"},
		{Cmd: XENMEM_set_memory_map, Name: "XENMEM_set_memory_map", Type: "xen_foreign_memory_map", State: Implemented, Note: "of other domains: privileged"},
		{Cmd: XENMEM_maximum_gpfn, Name: "XENMEM_maximum_gpfn", Type: "xen_memory_domain", State: Implemented},
		{Cmd: XENMEM_remove_from_physmap, Name: "XENMEM_remove_from_physmap", Type: "xen_remove_from_physmap", Note: "PVH domains"},
		{Cmd: XENMEM_set_pod_target, Name: "XENMEM_set_pod_target", State: Absent, Note: "no memory is populated on demand"},
		{Cmd: XENMEM_get_pod_target, Name: "XENMEM_get_pod_target", State: Absent, Note: "as XENMEM_set_pod_target"},
		{Cmd: XENMEM_add_to_physmap_batch, Name: "XENMEM_add_to_physmap_batch", Type: "xen_add_to_physmap_batch", Note: "PVH domains"},
		{Cmd: XENMEM_machphys_compat_mfn_list, Name: "XENMEM_machphys_compat_mfn_list", Type: "xen_machphys_mfn_list", State: Absent, Note: "there are no 32-bit PV guests"},
		{Cmd: XENMEM_get_vnumainfo, Name: "XENMEM_get_vnumainfo", State: Absent, Note: "EOPNOTSUPP: guests have no NUMA nodes"},
		{Cmd: XENMEM_acquire_resource, Name: "XENMEM_acquire_resource", State: Absent, Note: "for Xen's own tools"},
	},
}
