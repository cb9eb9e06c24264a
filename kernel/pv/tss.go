package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
)

// A vCPU's TSS, which is in its domain.Stub, says which ports code at CPL 3 may use: those
// of domain 0's kernel, by a bitmap that follows in the window, or none, where the bitmap
// would begin beyond the limit. APM vol. 2, "I/O Permission Bitmap".
const (
	ports       = 1 << 16
	bitmapPages = 3 // and the byte of ones behind
	openBitmap  = frame.PageSize
	noBitmap    = 0xffff
	tssLimit    = openBitmap + ports/8
)

// portRange is ports from first to last.
type portRange struct{ first, last uint16 }

// domain0Ports are those that domain 0's kernel may use with no exit: all but
// what the hypervisor itself uses (interrupt controllers, its console, the
// emulators' exits) and those by which PCI configuration is reached two steps
// at a time.
var domain0Ports = [...]portRange{
	{0x0000, 0x001f}, {0x0022, 0x009f}, {0x00a2, 0x00f3}, {0x00f8, 0x03f7}, {0x0400, 0x04cf}, {0x04d2, 0x0cf7},
	{0x0d00, 0x88ff}, {0x8908, 0xffff},
}

// fillBitmap makes the bitmap permit some ports.
func fillBitmap(allowed []portRange) {
	var parts [bitmapPages][]byte
	for i, m := range common.bitmap {
		parts[i] = layout.Bytes(m.Addr(), frame.PageSize)
		for k := range parts[i] {
			parts[i][k] = 0xff
		}
	}
	for _, r := range allowed {
		for port := int(r.first); port <= int(r.last); port++ {
			at := port / 8
			parts[at/frame.PageSize][at%frame.PageSize] &^= 1 << (port % 8)
		}
	}
}

// mayUsePorts tells whether the I/O privilege level lets a mode of the guest's use
// ports, as far as its domain was given them. A kernel counts as level 1, or 0 if it
// has asked to be taken for what it is.
func mayUsePorts(v *domain.VCPU, kernel bool) bool {
	level := uint8(3)
	if kernel {
		level = 1
		if v.Domain.Assisted(hypercall.VMASST_TYPE_architectural_iopl) {
			level = 0
		}
	}
	return v.PV.IOPL >= level
}

// SetIOPL sets the I/O privilege level, 0 to 3.
func SetIOPL(v *domain.VCPU, level uint8) {
	v.PV.IOPL = level
	showIOPL(v)
	setBitmap(v)
}

// showIOPL notes whether frames have the I/O privilege level.
func showIOPL(v *domain.VCPU) {
	v.PV.ShowsIOPL = v.Domain.Assisted(hypercall.VMASST_TYPE_architectural_iopl)
}

// setBitmap says where the bitmap of each mode begins.
func setBitmap(v *domain.VCPU) {
	s := v.PV.Stub
	s.IOKernel, s.IOUser = bitmapOf(v, true), bitmapOf(v, false)
	useBitmap(s)
}

// useBitmap makes that of the guest's mode the one that counts.
func useBitmap(s *domain.Stub) {
	s.TSS.IOBase = s.IOUser
	if s.Kernel {
		s.TSS.IOBase = s.IOKernel
	}
}

func bitmapOf(v *domain.VCPU, kernel bool) uint16 {
	if v.Domain.Privileged && mayUsePorts(v, kernel) {
		return openBitmap
	}
	return noBitmap
}

// setTSS gives the vCPU its TSS.
func setTSS(v *domain.VCPU) {
	v.Container.SetSegment(exit.TR, exit.Segment{
		Selector: trSelector, Base: uint64(at(v, stubPage)), Limit: tssLimit, Attr: exit.SegmentPresent | exit.SegmentTSS,
	})
	setBitmap(v)
}

// trSelector is any: the task register is never loaded from a table.
const trSelector = 0xe038
