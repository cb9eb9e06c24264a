package machine

import (
	"unsafe"

	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/sharedinfo"
)

func m2pAt(m frame.MFN, n uint64) []uint64 {
	return unsafe.Slice((*uint64)(layout.Pointer(layout.Direct(m.Addr()))), n)
}

// infoAt is the vcpu_info at an offset in a frame, which is a multiple of InfoAlignment
// and lets all of it be in the frame.
func infoAt(m frame.MFN, offset uint64) *sharedinfo.VCPU {
	return (*sharedinfo.VCPU)(unsafe.Pointer(&Types.Page(m)[offset]))
}
