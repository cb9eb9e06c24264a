package hypercall

// What a page of a guest's physical space can be made of. Public header
// memory.h.
const (
	XENMAPSPACE_shared_info  = 0 // SharedInfo
	XENMAPSPACE_grant_table  = 1 // a frame of the grant table
	XENMAPSPACE_gmfn         = 2 // another page of the same guest
	XENMAPSPACE_gmfn_range   = 3 // several of them
	XENMAPSPACE_gmfn_foreign = 4 // a page of another domain
	XENMAPSPACE_dev_mmio     = 5 // ARM
)

// XENMAPIDX_grant_table_status in XenAddToPhysmap.Idx: a frame of the status
// of a grant table of version 2.
const XENMAPIDX_grant_table_status = 0x8000_0000

// XenAddToPhysmap is struct xen_add_to_physmap: put a page at GPFN.
type XenAddToPhysmap struct {
	DomID DomID
	Size  uint16 // pages, with XENMAPSPACE_gmfn_range
	Space uint32 // XENMAPSPACE_*
	Idx   uint64 // which page of the space
	GPFN  XenPFN
}

// XenAddToPhysmapBatch is struct xen_add_to_physmap_batch: put pages at several
// places.
type XenAddToPhysmapBatch struct {
	DomID        DomID
	Space        uint16 // XENMAPSPACE_*
	Size         uint16 // pages
	ForeignDomID DomID  `abi:"u.foreign_domid"` // with XENMAPSPACE_gmfn_foreign, else 0
	Idxs         Handle[uint64]
	GPFNs        Handle[XenPFN] `abi:"gpfns"`
	Errs         Handle[int32]  // [tuco] an error for each page
}

// XenRemoveFromPhysmap is struct xen_remove_from_physmap: leave a hole at GPFN.
type XenRemoveFromPhysmap struct {
	DomID DomID
	_     [3]uint16
	GPFN  XenPFN
}
