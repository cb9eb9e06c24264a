package vmx

import "tuco/kernel/exit"

// The VMCS keeps a segment's attributes as the descriptor has them, with a gap
// of four bits and an "unusable" flag above; the neutral form is AMD's, which
// squeezes the gap out.
//
// SDM vol. 3, "Guest Register State".
const (
	accessTypes    = 0xff // type, S, DPL, P
	accessHigh     = 0xf  // AVL, L, D, G
	accessHighAt   = 12   // where the VMCS has them
	neutralHighAt  = 8    // where the neutral form has them
	accessUnusable = 1 << 16
	accessPresent  = 1 << 7
)

// AccessFromAttr turns neutral segment attributes into VMX access rights. A
// segment that is not present is unusable: a null selector's is, and one that
// says "not present" in a register cannot be told from it.
func AccessFromAttr(attr exit.SegmentAttr) uint32 {
	a := uint32(attr)&accessTypes | uint32(attr)>>neutralHighAt&accessHigh<<accessHighAt
	if attr&accessPresent == 0 {
		a |= accessUnusable
	}
	return a
}

// AttrFromAccess turns VMX access rights into neutral segment attributes. An
// unusable segment keeps its other bits, but is not present: SS's privilege
// level still counts in one.
func AttrFromAccess(a uint32) exit.SegmentAttr {
	attr := exit.SegmentAttr(a&accessTypes | a>>accessHighAt&accessHigh<<neutralHighAt)
	if a&accessUnusable != 0 {
		attr &^= accessPresent
	}
	return attr
}

// acceptable changes what AMD-V takes and a VT-x entry would refuse, where the
// guest can't tell the difference: a granularity flag that the limit
// contradicts, a task register that is empty or not marked busy, the accessed
// bit of a segment that is loaded. Bases are cut to the bits that there are.
//
// SDM vol. 3, "Checks on Guest Segment Registers".
func acceptable(r exit.SegmentRegister, s exit.Segment) exit.Segment {
	switch r {
	case exit.ES, exit.CS, exit.SS, exit.DS:
		s.Base = uint64(uint32(s.Base))
	default:
		s.Base = uint64(int64(s.Base) << 16 >> 16)
	}
	if r == exit.TR {
		if s.Attr&exit.SegmentPresent == 0 {
			s = exit.Segment{Attr: exit.SegmentPresent | exit.SegmentTSS, Limit: emptyTSS}
		}
		s.Attr |= typeBusy
	}
	if s.Attr&exit.SegmentPresent == 0 {
		return s
	}
	if r < exit.LDTR {
		s.Attr |= typeAccessed
	}
	switch {
	case s.Limit>>20 != 0:
		s.Attr |= exit.SegmentGran
		s.Limit |= 0xfff
	case s.Limit&0xfff != 0xfff:
		s.Attr &^= exit.SegmentGran
	}
	return s
}

const (
	typeAccessed exit.SegmentAttr = 1 << 0
	typeBusy     exit.SegmentAttr = 1 << 1
	emptyTSS                      = 0x67 // limit of a TSS with no I/O bitmap
)
