package machine

import (
	"unsafe"

	"tuco/kernel/frame"
	"tuco/kernel/layout"
)

func m2pAt(m frame.MFN, n uint64) []uint64 {
	return unsafe.Slice((*uint64)(layout.Pointer(layout.Direct(m.Addr()))), n)
}
