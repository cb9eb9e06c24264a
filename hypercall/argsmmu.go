package hypercall

// MMUUpdateArgs is the arguments of mmu_update.
type MMUUpdateArgs struct {
	Reqs       Handle[MMUUpdate]
	Count      uint32
	DoneOut    Handle[uint32] // how many were done, unless it is 0
	ForeignDom ForeignDom
}

// MMUUpdate is the arguments of mmu_update.
func (a *Args) MMUUpdate() MMUUpdateArgs {
	return MMUUpdateArgs{Handle[MMUUpdate](a[arg0]), uint32(a[arg1]), Handle[uint32](a[arg2]), ForeignDom(a[arg3])}
}

// MMUExtOpArgs is the arguments of mmuext_op.
type MMUExtOpArgs struct {
	Ops        Handle[MMUExtOp]
	Count      uint32
	DoneOut    Handle[uint32] // how many were done, unless it is 0
	ForeignDom ForeignDom
}

// MMUExtOp is the arguments of mmuext_op.
func (a *Args) MMUExtOp() MMUExtOpArgs {
	return MMUExtOpArgs{Handle[MMUExtOp](a[arg0]), uint32(a[arg1]), Handle[uint32](a[arg2]), ForeignDom(a[arg3])}
}

// UpdateVAMappingArgs is the arguments of update_va_mapping.
type UpdateVAMappingArgs struct {
	VA    uint64 // whose L1 entry in the current tables is meant
	Val   uint64 // the new entry
	Flags UVMFlags
}

// UpdateVAMapping is the arguments of update_va_mapping.
func (a *Args) UpdateVAMapping() UpdateVAMappingArgs {
	return UpdateVAMappingArgs{a[arg0], a[arg1], UVMFlags(a[arg2])}
}

// UpdateVAMappingOtherdomainArgs is the arguments of
// update_va_mapping_otherdomain.
type UpdateVAMappingOtherdomainArgs struct {
	UpdateVAMappingArgs
	DomID DomID // who owns the frame
}

// UpdateVAMappingOtherdomain is the arguments of update_va_mapping_otherdomain.
func (a *Args) UpdateVAMappingOtherdomain() UpdateVAMappingOtherdomainArgs {
	return UpdateVAMappingOtherdomainArgs{a.UpdateVAMapping(), DomID(a[arg3])}
}
