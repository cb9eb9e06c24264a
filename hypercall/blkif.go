package hypercall

// The requests of a block device, in BlkifRequest.Operation. Public header
// io/blkif.h.
const (
	BLKIF_OP_READ            = 0
	BLKIF_OP_WRITE           = 1
	BLKIF_OP_WRITE_BARRIER   = 2
	BLKIF_OP_FLUSH_DISKCACHE = 3 // a BlkifRequest without segments
	BLKIF_OP_DISCARD         = 5 // a BlkifRequestDiscard
	BLKIF_OP_INDIRECT        = 6 // a BlkifRequestIndirect
)

// The most that one request holds.
const (
	BLKIF_MAX_SEGMENTS_PER_REQUEST       = 11
	BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST = 8
)

// BlkifRequestSegment is struct blkif_request_segment: sectors of a granted
// page. Sectors, here and in requests, are of 512 bytes whatever the device's
// own are.
type BlkifRequestSegment struct {
	GRef                GrantRef `abi:"gref"`
	FirstSect, LastSect uint8    // both are of it
	_                   uint16
}

// BlkifRequest is struct blkif_request: reads or writes a run of sectors.
type BlkifRequest struct {
	Operation    uint8 // BLKIF_OP_*
	NrSegments   uint8
	Handle       uint16
	_            uint32
	ID           uint64 // the front end's, comes back in the response
	SectorNumber uint64
	Seg          [BLKIF_MAX_SEGMENTS_PER_REQUEST]BlkifRequestSegment
}

// BlkifRequestDiscard is struct blkif_request_discard: what the sectors hold is
// not needed any more. It overlays BlkifRequest.
type BlkifRequestDiscard struct {
	Operation    uint8
	Flag         uint8 // BLKIF_DISCARD_SECURE or 0
	Handle       uint16
	_            uint32
	ID           uint64
	SectorNumber uint64
	NrSectors    uint64
}

// BLKIF_DISCARD_SECURE in BlkifRequestDiscard.Flag: nobody may be able to
// recover it.
const BLKIF_DISCARD_SECURE = 1 << 0

// BlkifRequestIndirect is struct blkif_request_indirect: a read or write whose
// segments stand in granted pages, 512 in each. It overlays BlkifRequest.
type BlkifRequestIndirect struct {
	Operation     uint8
	IndirectOp    uint8 // BLKIF_OP_READ or BLKIF_OP_WRITE
	NrSegments    uint16
	_             uint32
	ID            uint64
	SectorNumber  uint64
	Handle        uint16
	_             uint16
	IndirectGRefs [BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST]GrantRef `abi:"indirect_grefs"`
	_             uint32
}

// BlkifResponse is struct blkif_response.
type BlkifResponse struct {
	ID        uint64
	Operation uint8 // the request's; for BLKIF_OP_INDIRECT its IndirectOp
	_         uint8
	Status    int16 // BLKIF_RSP_*
	_         uint32
}

// The results in BlkifResponse.Status.
const (
	BLKIF_RSP_EOPNOTSUPP = -2
	BLKIF_RSP_ERROR      = -1
	BLKIF_RSP_OKAY       = 0
)

// The bits of the back end's node "info".
const (
	VDISK_CDROM     = 0x1
	VDISK_REMOVABLE = 0x2
	VDISK_READONLY  = 0x4
)
