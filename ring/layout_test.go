package ring_test

import (
	"testing"
	"unsafe"

	"tuco/hypercall/cabi"
	"tuco/ring"
)

// TestHeader compares the header with one of the public header's rings.
func TestHeader(t *testing.T) {
	h := ring.Header{}
	cabi.Constants(t, []string{"xen.h", "io/blkif.h"}, map[string]uint64{
		"__builtin_offsetof(struct blkif_sring, req_prod)":  uint64(unsafe.Offsetof(h.ReqProd)),
		"__builtin_offsetof(struct blkif_sring, req_event)": uint64(unsafe.Offsetof(h.ReqEvent)),
		"__builtin_offsetof(struct blkif_sring, rsp_prod)":  uint64(unsafe.Offsetof(h.RspProd)),
		"__builtin_offsetof(struct blkif_sring, rsp_event)": uint64(unsafe.Offsetof(h.RspEvent)),
		"__builtin_offsetof(struct blkif_sring, ring)":      uint64(unsafe.Sizeof(h)),
	})
}
