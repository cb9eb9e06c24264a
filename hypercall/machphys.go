package hypercall

// XenMachphysMapping is struct xen_machphys_mapping: where the caller finds the
// machine-to-physical table. Public header memory.h.
type XenMachphysMapping struct {
	VStart uint64 // virtual address of its first byte
	VEnd   uint64 // and after its last
	MaxMFN uint64 // the last frame that it knows
}

// XenMachphysMFNList is struct xen_machphys_mfn_list: the frames of the
// machine-to-physical table, in extents of 2 MiB.
type XenMachphysMFNList struct {
	MaxExtents  uint32 // room in the list
	_           uint32
	ExtentStart Handle[XenPFN] // [tuco] machine frames; 0 for a hole
	NrExtents   uint32         // [tuco]
	_           uint32
}
