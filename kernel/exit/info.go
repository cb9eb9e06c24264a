package exit

import (
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// Info is what the processor said about an exit. Raw and Qualification are
// the vendor's own words, for reports; each other field holds for the reasons
// named at it and is zero for the rest.
type Info struct {
	Reason        Reason
	Raw           uint64    // the vendor's exit code
	Qualification [2]uint64 // EXITINFO1 and 2, or exit qualification and guest-physical address

	// Length of the instruction that exited, in bytes; 0 if it is not known or
	// the exit is no instruction's doing.
	Length uint8

	Vector    x86.Vector // Exception, SoftwareInterrupt
	Soft      SoftKind   // SoftwareInterrupt
	HasCode   bool       // Exception: the processor gave an error code
	ErrorCode uint32     // Exception
	// Linear is the faulting address of a page fault (what CR2 would say), or INVLPG's operand.
	Linear frame.VAddr

	Physical frame.MAddr // NestedFault, NestedMisconfig: in the guest's physical space
	Access   Access      // NestedFault

	IO IO // Port

	MSR x86.MSR // MSRRead, MSRWrite

	// Register is the number of the control or debug register: CRRead, CRWrite,
	// DRRead, DRWrite. Operand is the general register read or written; it holds
	// if Length is known, and CLTS, LMSW and SMSW leave Length unknown.
	Register uint8
	Operand  GPR
}

// SoftKind says which instruction raised an interrupt.
type SoftKind uint8

// The instructions.
const (
	NotSoft   SoftKind = iota
	SoftINT            // INT n, CD n; the vector may be 3 or 4 here too
	SoftINT3           // INT3, CC
	SoftINTO           // INTO, CE
	SoftICEBP          // ICEBP, F1, also called INT1
)

// Access says what a guest tried on a nested mapping.
type Access uint8

// Bits of Access.
const (
	AccessRead    Access = 1 << iota
	AccessWrite          // a write
	AccessFetch          // an instruction fetch
	AccessPresent        // there is a translation; it forbids this
	AccessWalk           // made by the walk of the guest's own page table
)

// IO is a port access. String accesses are told apart because the operand
// lies in memory.
type IO struct {
	Port   uint16
	Size   uint8 // 1, 2 or 4 bytes
	In     bool
	String bool
	Repeat bool
}

// Code is the start of an instruction: up to 15 bytes, of which N could be read.
type Code struct {
	Bytes [15]byte
	N     uint8
}

// Fetch reads guest memory at the guest's instruction pointer. Where the
// processor does not report lengths or operands, a back end looks at the
// instruction itself. The bytes are the guest's and may have changed since.
type Fetch func(rip uint64) Code
