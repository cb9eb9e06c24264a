package hypercall

// The commands of grant_table_op. Each takes an array of the structure of its
// name. Public header grant_table.h.
const (
	GNTTABOP_map_grant_ref     = 0
	GNTTABOP_unmap_grant_ref   = 1
	GNTTABOP_setup_table       = 2
	GNTTABOP_dump_table        = 3
	GNTTABOP_transfer          = 4
	GNTTABOP_copy              = 5
	GNTTABOP_query_size        = 6
	GNTTABOP_unmap_and_replace = 7
	GNTTABOP_set_version       = 8
	GNTTABOP_get_status_frames = 9
	GNTTABOP_get_version       = 10
	GNTTABOP_swap_grant_ref    = 11
	GNTTABOP_cache_flush       = 12
)

// GrantStatus says how an element of the array fared. Zero is success.
type GrantStatus int16

// The ways to fare.
const (
	GNTST_okay              GrantStatus = 0
	GNTST_general_error     GrantStatus = -1
	GNTST_bad_domain        GrantStatus = -2
	GNTST_bad_gntref        GrantStatus = -3
	GNTST_bad_handle        GrantStatus = -4
	GNTST_bad_virt_addr     GrantStatus = -5
	GNTST_bad_dev_addr      GrantStatus = -6
	GNTST_no_device_space   GrantStatus = -7
	GNTST_permission_denied GrantStatus = -8
	GNTST_bad_page          GrantStatus = -9
	GNTST_bad_copy_arg      GrantStatus = -10 // beyond the page
	GNTST_address_too_big   GrantStatus = -11
	GNTST_eagain            GrantStatus = -12 // not now, try again
	GNTST_no_space          GrantStatus = -13 // out of handles
)

// GnttabMapGrantRef is struct gnttab_map_grant_ref: map a grant of Dom's.
type GnttabMapGrantRef struct {
	HostAddr   uint64 // virtual address, or machine address of an entry: see GNTMAP_contains_pte
	Flags      uint32 // GNTMAP_*
	Ref        GrantRef
	Dom        DomID
	Status     GrantStatus // [tuco]
	Handle     GrantHandle // [tuco]
	DevBusAddr uint64      // [tuco] machine address of the frame
}

// How a grant is mapped.
const (
	GNTMAP_device_map       = 1 << 0 // for devices
	GNTMAP_host_map         = 1 << 1 // for CPUs
	GNTMAP_readonly         = 1 << 2
	GNTMAP_application_map  = 1 << 3 // user mode may use it too
	GNTMAP_contains_pte     = 1 << 4 // HostAddr is the machine address of an L1 entry
	GNTMAP_guest_avail_mask = 0xffff_0000
)

// GnttabUnmapGrantRef is struct gnttab_unmap_grant_ref: undo a mapping.
type GnttabUnmapGrantRef struct {
	HostAddr   uint64 // as in the map; 0: leave it
	DevBusAddr uint64 // as in the map; 0: leave it
	Handle     GrantHandle
	Status     GrantStatus // [tuco]
	_          uint16
}

// GnttabUnmapAndReplace is struct gnttab_unmap_and_replace: undo a mapping, and
// move what NewAddr maps to its place.
type GnttabUnmapAndReplace struct {
	HostAddr uint64
	NewAddr  uint64
	Handle   GrantHandle
	Status   GrantStatus // [tuco]
	_        uint16
}

// GnttabSetupTable is struct gnttab_setup_table: make the table at least so
// large, and list its frames.
type GnttabSetupTable struct {
	Dom       DomID
	_         uint16
	NrFrames  uint32
	Status    GrantStatus // [tuco]
	_         [3]uint16
	FrameList Handle[XenPFN] // [tuco]
}

// GnttabQuerySize is struct gnttab_query_size: how large the table is and may
// become, in frames.
type GnttabQuerySize struct {
	Dom         DomID
	_           uint16
	NrFrames    uint32      // [tuco]
	MaxNrFrames uint32      // [tuco]
	Status      GrantStatus // [tuco]
	_           uint16
}

// GnttabCopy is struct gnttab_copy: copy within a page.
type GnttabCopy struct {
	Source, Dest GnttabCopyPtr
	Len          uint16      // bytes
	Flags        uint16      // GNTCOPY_*
	Status       GrantStatus // [tuco]
	_            uint16
}

// GnttabCopyPtr is struct gnttab_copy_ptr: one end of a copy.
type GnttabCopyPtr struct {
	U      uint64 // see Ref and GMFN
	DomID  DomID
	Offset uint16 // in the page, in bytes
	_      uint32
}

// Ref is the grant, if the end is one.
func (p *GnttabCopyPtr) Ref() GrantRef { return GrantRef(p.U) }

// GMFN is the domain's frame, if the end is no grant.
func (p *GnttabCopyPtr) GMFN() XenPFN { return XenPFN(p.U) }

// Which ends of a GnttabCopy are grants.
const (
	GNTCOPY_source_gref = 1 << 0
	GNTCOPY_dest_gref   = 1 << 1
)

// GnttabSetVersion is struct gnttab_set_version.
type GnttabSetVersion struct {
	Version uint32 // [guest] wished for, [tuco] in force
}

// GnttabGetVersion is struct gnttab_get_version.
type GnttabGetVersion struct {
	Dom     DomID
	Pad     uint16
	Version uint32 // [tuco]
}

// GnttabSwapGrantRef is struct gnttab_swap_grant_ref: exchange two entries.
type GnttabSwapGrantRef struct {
	RefA, RefB GrantRef
	Status     GrantStatus // [tuco]
	_          uint16
}
