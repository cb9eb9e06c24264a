package machine

import (
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/pmm"
)

func initTypes() { Types.Init(&RAM, layout.Pointer(layout.DirectMap)) }

// M2P says which of its guest's frames each machine frame is: NotMapped for one
// that is no guest's. Guests see it at the start of the reserved area.
var M2P []uint64

// NotMapped stands in M2P for "no guest's".
const NotMapped = ^uint64(0)

// m2pBlock is the order of the blocks that M2P is made of: large pages, which
// guests see it by.
const m2pBlock = frame.LargePageShift - frame.PageShift

// RAMEnd is where the last RAM ends. Constant after InitM2P.
var RAMEnd frame.MFN

// InitM2P makes M2P for all RAM below end. False: there is no memory for it.
func InitM2P(h *lock.Holder, end frame.MFN) bool {
	RAMEnd = end
	bytes := (uint64(end)*8 + frame.LargePageSize - 1) &^ (frame.LargePageSize - 1)
	order := uint(m2pBlock)
	for uint64(frame.PageSize)<<order < bytes {
		order++
	}
	m, r := RAM.Alloc(h, order, pmm.Anywhere)
	if r != pmm.OK {
		return false
	}
	// What was taken to get a power of two goes back.
	first := m + frame.MFN(bytes>>frame.PageShift)
	if order > m2pBlock && first != m+1<<order {
		mustRAM(RAM.Split(h, m, order, m2pBlock))
		for b := first; b < m+1<<order; b += 1 << m2pBlock {
			mustRAM(RAM.Free(h, b, m2pBlock))
		}
	}
	M2P = m2pAt(m, bytes/8)
	for i := range M2P {
		M2P[i] = NotMapped
	}
	m2pStart = m
	return true
}

var m2pStart frame.MFN

// M2PFrames is where M2P lies: blocks of 2 MiB side by side.
func M2PFrames() (start frame.MFN, blocks uint64) {
	return m2pStart, uint64(len(M2P)) * 8 / frame.LargePageSize
}

func mustRAM(r pmm.Result) {
	if r != pmm.OK {
		klog.Bugf("machine: frames: %s", klog.S(r.String()))
	}
}
