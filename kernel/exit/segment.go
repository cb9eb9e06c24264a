package exit

// SegmentRegister names a segment register.
type SegmentRegister uint8

// The segment registers, in the order in which instructions encode them.
const (
	ES SegmentRegister = iota
	CS
	SS
	DS
	FS
	GS
	LDTR
	TR
	SegmentRegisters
)

// Segment is a segment register with its hidden part. The privilege level of
// the guest is that of its SS.
type Segment struct {
	Selector uint16
	Attr     SegmentAttr
	Limit    uint32 // in bytes, whatever the granularity
	Base     uint64
}

// SegmentAttr is a descriptor's attributes: the access byte in bits 0 to 7,
// and the flags AVL, L, D/B and G in bits 8 to 11.
type SegmentAttr uint16

// Bits of SegmentAttr.
const (
	SegmentPresent SegmentAttr = 1 << 7
	SegmentSystem  SegmentAttr = 0 // the S bit clear
	SegmentData    SegmentAttr = 1<<4 | 3
	SegmentCode    SegmentAttr = 1<<4 | 0xb
	SegmentLong    SegmentAttr = 1 << 9
	SegmentBig     SegmentAttr = 1 << 10
	SegmentGran    SegmentAttr = 1 << 11
	SegmentTSS     SegmentAttr = 0xb // a 64-bit TSS that is in use
	SegmentLDT     SegmentAttr = 2
)

// Attributes of flat segments at privilege level 3.
const (
	FlatCode64 = SegmentPresent | SegmentCode | SegmentLong | SegmentGran | 3<<5
	FlatCode32 = SegmentPresent | SegmentCode | SegmentBig | SegmentGran | 3<<5
	FlatData   = SegmentPresent | SegmentData | SegmentBig | SegmentGran | 3<<5
)

// NoLimit is the limit of a flat segment.
const NoLimit = 0xffff_ffff

// SegmentDPL is the attribute of a descriptor privilege level, 0 to 3.
func SegmentDPL(level uint8) SegmentAttr { return SegmentAttr(level&3) << 5 }

// DPL is the descriptor privilege level.
func (a SegmentAttr) DPL() uint8 { return uint8(a>>5) & 3 }

// Table is the content of GDTR or IDTR.
type Table struct {
	Base  uint64
	Limit uint16
}
