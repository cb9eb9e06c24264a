package x86

// Bits of DR6, what a debug exception was for. Those of DR6Ones are always set.
//
// SDM vol. 3, "Debug Status Register (DR6)".
const (
	DR6Breakpoints = 0xf     // of which of the four
	DR6Access      = 1 << 13 // a debug register was about to be accessed (BD)
	DR6Step        = 1 << 14 // a single step (BS)
	DR6Task        = 1 << 15 // a task switch (BT)
	DR6Ones        = 0xffff_0ff0
)

// Bits of DR7, what the breakpoints are for. Bit 10 is always set.
//
// SDM vol. 3, "Debug Control Register (DR7)".
const (
	DR7Enable     = 0xff // two bits for each breakpoint
	DR7Exact      = 3 << 8
	DR7Conditions = 0xffff_0000 // kind of access and length, four bits for each
	DR7Ones       = 1 << 10
)

// SetBreakpoints writes DR0 to DR3.
//
//go:noescape
func SetBreakpoints(addresses *[4]uint64)
