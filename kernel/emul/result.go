package emul

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// Verdict is how far an instruction came.
type Verdict uint8

// The verdicts.
const (
	// NotEmulated: the fault that brought us here is the guest's to handle.
	NotEmulated Verdict = iota
	// Wanted: the caller does what the Effect or the Update says, and then calls
	// Complete or Commit. If its policy refuses, it raises an exception of its
	// choice instead; nothing has happened yet.
	Wanted
	// Done: the state is that behind the instruction, or behind one iteration of
	// a repeated one. The guest goes on there.
	Done
	// Raise: the exception is for the guest, with the state as it is now.
	Raise
)

// Result is what became of an instruction.
type Result struct {
	Verdict   Verdict
	Effect    Effect    // Wanted, by Execute
	Exception Exception // Raise
	// Done: RFLAGS.TF was set, so #DB follows, with DR6.BS.
	Step bool
	// Done: the guest takes no event before the next instruction's end, if
	// events were masked until now.
	Shadow bool
}

// Exception is one to deliver to the guest.
type Exception struct {
	Vector x86.Vector
	Code   uint32      // the error code, where the vector has one
	CR2    frame.VAddr // VectorPF
}

// Event is the exception as entry delivers it.
func (e Exception) Event() exit.Event { return exit.Fault(e.Vector, e.Code) }

func raise(v x86.Vector) Result { return Result{Verdict: Raise, Exception: Exception{Vector: v}} }

// Action is what the caller is to do for an instruction.
type Action uint8

// The actions. In brackets, which fields of the Effect hold, and behind the
// arrow, which of the Answer.
const (
	None         Action = iota
	GetCR               // [Number] → Value
	SetCR               // [Number, Value]
	ClearTS             // clear CR0.TS
	GetDR               // [Number] → Value; 4 and 5 mean 6 and 7, or #UD with CR4.DE
	SetDR               // [Number, Value]; 4 and 5 likewise
	GetMSR              // [Number] → Value
	SetMSR              // [Number, Value]
	GetTSC              // → Value, and Aux (TSC_AUX) for RDTSCP
	GetPMC              // [Number] → Value
	GetXCR              // [Number] → Value
	SetXCR              // [Number, Value]
	GetCPUID            // [Number leaf, Value subleaf] → CPUID
	FlushCaches         // write caches back and empty them
	FlushPage           // [Address] drop its translations; it is canonical
	Halt                // wait for an event; Complete first
	MaskEvents          // CLI
	UnmaskEvents        // STI
	PortIn              // [Number, Size] → Value
	PortOut             // [Number, Size, Value]
)

// Effect is what the caller is to do. Whether the guest may have it is the
// caller's to decide; see Policy for what is decided already.
type Effect struct {
	Action  Action
	Size    uint8  // of a port access, in bytes: 1, 2 or 4
	Number  uint32 // of the register, port or leaf
	Value   uint64
	Address frame.VAddr
}

// Answer is what the caller found. Bits above the size of a port access are ignored.
type Answer struct {
	Value uint64
	Aux   uint32
	CPUID [4]uint32 // EAX, EBX, ECX, EDX
}

// Guest is what an instruction reaches beside the registers: the vCPU's
// memory, with the rights of the mode it is in, and its I/O permissions.
// Addresses are canonical at both ends; an operand may cross a page boundary,
// but not if it has 8 bytes and is aligned: then the access is atomic. Sizes
// are 1, 2, 4 and 8 bytes; bits of a loaded value above its size are ignored,
// those of a stored one are 0. Where ok is false the exception says why.
type Guest interface {
	Load(a frame.VAddr, size uint8) (v uint64, e Exception, ok bool)
	Store(a frame.VAddr, size uint8, v uint64) (e Exception, ok bool)
	// Writable tells whether Store would succeed now.
	Writable(a frame.VAddr, size uint8) (e Exception, ok bool)
	// PortAllowed asks the I/O permission bitmap about all bytes of a port
	// access, which do not reach past the last port. It is not asked where
	// Policy.IO holds.
	PortAllowed(port uint16, size uint8) bool
}

// Policy is what the vCPU may do in the mode it is in.
type Policy struct {
	Kernel  bool // it is in guest kernel mode
	IO      bool // its I/O privilege level allows ports, CLI and STI
	UserTSC bool // RDTSC and RDTSCP in user mode: CR4.TSD is clear
	UserPMC bool // RDPMC in user mode: CR4.PCE is set
}

// allows decides by the mode. Ports are looked at one by one.
func (p Policy) allows(o Op) bool {
	switch o {
	case CPUID, XGETBV, IN, OUT, INS, OUTS:
		return true
	case CLI, STI:
		return p.IO
	case RDTSC, RDTSCP:
		return p.Kernel || p.UserTSC
	case RDPMC:
		return p.Kernel || p.UserPMC
	}
	return p.Kernel
}
