package blkif_test

import (
	"testing"

	"tuco/hypercall/cabi"
	"tuco/ring"
	"tuco/ring/blkif"
)

var headers = []string{"xen.h", "io/blkif.h", "io/protocols.h"}

func TestLayout(t *testing.T) {
	cabi.Struct(t, headers, blkif.Segment{}, "struct blkif_request_segment", "gref", "first_sect", "last_sect")
	cabi.Struct(t, headers, blkif.Request{}, "struct blkif_request", "operation", "nr_segments", "handle", "id", "sector_number", "seg")
	cabi.Struct(t, headers, blkif.DiscardRequest{}, "struct blkif_request_discard",
		"operation", "flag", "handle", "id", "sector_number", "nr_sectors")
	cabi.Struct(t, headers, blkif.IndirectRequest{}, "struct blkif_request_indirect",
		"operation", "indirect_op", "nr_segments", "id", "sector_number", "handle", "indirect_grefs")
	cabi.Struct(t, headers, blkif.Response{}, "struct blkif_response", "id", "operation", "status")
	unsupported, failed := int64(blkif.StatusUnsupported), int64(blkif.StatusError)
	cabi.Constants(t, headers, map[string]uint64{
		"BLKIF_OP_READ": uint64(blkif.OpRead), "BLKIF_OP_WRITE": uint64(blkif.OpWrite), "BLKIF_OP_WRITE_BARRIER": uint64(blkif.OpBarrier),
		"BLKIF_OP_FLUSH_DISKCACHE": uint64(blkif.OpFlush), "BLKIF_OP_DISCARD": uint64(blkif.OpDiscard), "BLKIF_OP_INDIRECT": uint64(blkif.OpIndirect),
		"BLKIF_RSP_EOPNOTSUPP": uint64(unsupported), "BLKIF_RSP_ERROR": uint64(failed), "BLKIF_RSP_OKAY": uint64(blkif.StatusOK),
		"BLKIF_MAX_SEGMENTS_PER_REQUEST": blkif.MaxSegments, "BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST": blkif.MaxIndirectPages,
		"BLKIF_DISCARD_SECURE": blkif.FlagSecure,
		"VDISK_CDROM":          blkif.InfoCDROM, "VDISK_REMOVABLE": blkif.InfoRemovable, "VDISK_READONLY": blkif.InfoReadOnly,
		"__CONST_RING_SIZE(blkif, 4096)":                                        uint64(ring.Slots[blkif.Request, blkif.Response](4096)),
		"__CONST_RING_SIZE(blkif, 16384)":                                       uint64(ring.Slots[blkif.Request, blkif.Response](16384)),
		"4096/sizeof(struct blkif_request_segment)":                             blkif.SegmentsPerPage,
		"__builtin_strcmp(XEN_IO_PROTO_ABI_NATIVE, \"" + blkif.Protocol + "\")": 0,
	})
}
