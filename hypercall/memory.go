package hypercall

// The commands of memory_op. Public header memory.h.
const (
	XENMEM_increase_reservation     = 0  // XenMemoryReservation
	XENMEM_decrease_reservation     = 1  // XenMemoryReservation
	XENMEM_maximum_ram_page         = 2  //
	XENMEM_current_reservation      = 3  // XenMemoryDomain
	XENMEM_maximum_reservation      = 4  // XenMemoryDomain
	XENMEM_machphys_mfn_list        = 5  // XenMachphysMFNList
	XENMEM_populate_physmap         = 6  // XenMemoryReservation
	XENMEM_add_to_physmap           = 7  // XenAddToPhysmap
	XENMEM_memory_map               = 9  // XenMemoryMap
	XENMEM_machine_memory_map       = 10 // XenMemoryMap
	XENMEM_exchange                 = 11 // XenMemoryExchange
	XENMEM_machphys_mapping         = 12 // XenMachphysMapping
	XENMEM_set_memory_map           = 13 // XenForeignMemoryMap
	XENMEM_maximum_gpfn             = 14 // XenMemoryDomain
	XENMEM_remove_from_physmap      = 15 // XenRemoveFromPhysmap
	XENMEM_set_pod_target           = 16
	XENMEM_get_pod_target           = 17
	XENMEM_add_to_physmap_batch     = 23 // XenAddToPhysmapBatch
	XENMEM_machphys_compat_mfn_list = 25 // XenMachphysMFNList
	XENMEM_get_vnumainfo            = 26
	XENMEM_acquire_resource         = 28
)

// XenMemoryReservation is struct xen_memory_reservation: a list of extents to
// take, give back or fill.
type XenMemoryReservation struct {
	// ExtentStart lists each extent's first frame. increase_reservation:
	// [tuco], machine frames. decrease_reservation: [guest], machine frames of
	// a PV guest, guest frames else. populate_physmap: [guest] gives
	// pseudo-physical or guest frames, [tuco] gives a PV guest their machine
	// frames instead.
	ExtentStart Handle[XenPFN]
	NrExtents   uint64
	ExtentOrder uint32 // an extent has 1<<ExtentOrder frames, and starts at a multiple of that
	MemFlags    XenMemFlags
	DomID       DomID
	_           [3]uint16
}

// XenMemFlags is XenMemoryReservation.MemFlags.
type XenMemFlags uint32

// Flags of a reservation, above the width and the node.
const (
	XENMEMF_populate_on_demand XenMemFlags = 1 << 16
	XENMEMF_exact_node_request XenMemFlags = 1 << 17 // no other node
	XENMEMF_vnode              XenMemFlags = 1 << 18 // the node is virtual
)

// AddressBits is the width that the frames' machine addresses have to keep
// to; 0 is no bound.
func (f XenMemFlags) AddressBits() uint8 { return uint8(f) }

// Node is the NUMA node that is wished for, or is not ok if none is.
func (f XenMemFlags) Node() (node uint8, ok bool) {
	n := uint8(f >> 8)
	return n - 1, n != 0
}

// XenMemoryExchange is struct xen_memory_exchange: the extents of In are given
// back, and those of Out taken for them.
type XenMemoryExchange struct {
	In  XenMemoryReservation
	Out XenMemoryReservation
	// NrExchanged counts the extents of In that are done. [guest] starts it
	// at 0, [tuco] counts.
	NrExchanged uint64
}

// XenMemoryDomain is struct xen_memory_domain.
type XenMemoryDomain struct {
	DomID DomID
}
