package create

import (
	"unsafe"

	"tuco/kernel/frame"
)

// frameList is memory as a list of frames.
func frameList(b []byte, n uint64) []frame.MFN {
	return unsafe.Slice((*frame.MFN)(unsafe.Pointer(unsafe.SliceData(b))), n)
}
