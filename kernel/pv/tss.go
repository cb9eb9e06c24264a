package pv

import (
	"encoding/binary"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
)

// A TSS serves only to say which ports code at CPL 3 may use. APM vol. 2, "I/O
// Permission Bitmap".
const (
	tssBitmap    = 0x68 // offset of the bitmap, in bytes
	tssBitmapPtr = 0x66
	ports        = 1 << 16
	tssLimit     = tssBitmap + ports/8 // with the byte of ones behind the bitmap
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

// fillTSS makes the TSS at these common pages permit some ports.
func fillTSS(page int, allowed []portRange) {
	var parts [tssPages][]byte
	for i := range parts {
		e := pagetype.PTE(machine.Types.Table(common.pages)[page+i].Load())
		parts[i] = layout.Bytes(e.MFN().Addr(), frame.PageSize)
	}
	binary.LittleEndian.PutUint16(parts[0][tssBitmapPtr:], tssBitmap)
	for at := tssBitmap; at <= tssLimit; at++ {
		parts[at/frame.PageSize][at%frame.PageSize] = 0xff
	}
	for _, r := range allowed {
		for port := int(r.first); port <= int(r.last); port++ {
			at := tssBitmap + port/8
			parts[at/frame.PageSize][at%frame.PageSize] &^= 1 << (port % 8)
		}
	}
}

// mayUsePorts tells whether the I/O privilege level lets the mode that the guest
// is in use ports, as far as its domain was given them. A kernel counts as level
// 1, or 0 if it has asked to be taken for what it is.
func mayUsePorts(v *domain.VCPU) bool {
	level := uint8(3)
	if v.PV.Kernel {
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
	setTSS(v)
}

// setTSS gives the vCPU the TSS of the mode that it is in.
func setTSS(v *domain.VCPU) {
	page := uint64(closedTSS)
	if v.Domain.Privileged && mayUsePorts(v) {
		page = openTSS
	}
	v.Container.SetSegment(exit.TR, exit.Segment{
		Selector: trSelector, Base: tssBase(page), Limit: tssLimit, Attr: exit.SegmentPresent | exit.SegmentTSS,
	})
}

// trSelector is any: the task register is never loaded from a table.
const trSelector = 0xe038
