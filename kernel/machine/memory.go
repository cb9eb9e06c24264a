package machine

import (
	"unsafe"

	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/grant"
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

// recordAddress is where a domain's record lies: for good, since pools move nothing.
func recordAddress(d *domain.Domain) uint64 { return uint64(uintptr(unsafe.Pointer(d))) }

// recordAt is the record at an address; nil at 0.
func recordAt(a uint64) *domain.Domain { return (*domain.Domain)(layout.Pointer(frame.VAddr(a))) }

func entriesAt(m frame.MFN) *grant.Entries { return (*grant.Entries)(unsafe.Pointer(Types.Page(m))) }

// usesAt is records of grants, which take 2^usesOrder frames.
func usesAt(m frame.MFN) *grant.Uses { return (*grant.Uses)(unsafe.Pointer(Types.Page(m))) }

func mappingsAt(m frame.MFN) *grant.Page { return (*grant.Page)(unsafe.Pointer(Types.Page(m))) }

// frameOf is the frame where something of those begins.
func frameOf[T any](p *T) frame.MFN {
	return frame.MAddr(uintptr(unsafe.Pointer(p)) - uintptr(unsafe.Pointer(Types.Page(0)))).MFN()
}

const usesOrder = 1

const _ = uint(frame.PageSize<<usesOrder-unsafe.Sizeof(grant.Uses{})) + uint(frame.PageSize-unsafe.Sizeof(grant.Page{}))
