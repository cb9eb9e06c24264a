package x86

// Vector is the number of an exception or interrupt.
type Vector uint8

// The exceptions.
const (
	VectorDE  Vector = 0  // divide error
	VectorDB  Vector = 1  // debug
	VectorNMI Vector = 2  // non-maskable interrupt
	VectorBP  Vector = 3  // breakpoint
	VectorOF  Vector = 4  // overflow
	VectorBR  Vector = 5  // bound range exceeded
	VectorUD  Vector = 6  // invalid opcode
	VectorNM  Vector = 7  // device not available
	VectorDF  Vector = 8  // double fault
	VectorTS  Vector = 10 // invalid TSS
	VectorNP  Vector = 11 // segment not present
	VectorSS  Vector = 12 // stack fault
	VectorGP  Vector = 13 // general protection
	VectorPF  Vector = 14 // page fault
	VectorMF  Vector = 16 // x87 floating point
	VectorAC  Vector = 17 // alignment check
	VectorMC  Vector = 18 // machine check
	VectorXM  Vector = 19 // SIMD floating point
	VectorVE  Vector = 20 // virtualization
	VectorCP  Vector = 21 // control protection
	VectorHV  Vector = 28 // hypervisor injection
	VectorVC  Vector = 29 // VMM communication
	VectorSX  Vector = 30 // security
	FirstFree Vector = 32 // the first vector that is not the processor's
)

// errorCodes has a bit for each exception that pushes an error code.
const errorCodes = 1<<VectorDF | 1<<VectorTS | 1<<VectorNP | 1<<VectorSS |
	1<<VectorGP | 1<<VectorPF | 1<<VectorAC | 1<<VectorCP | 1<<VectorVC | 1<<VectorSX

// HasErrorCode tells whether the processor pushes an error code for the exception.
func (v Vector) HasErrorCode() bool { return v < 32 && errorCodes>>v&1 != 0 }

// String is the exception's short name as the manuals write it.
func (v Vector) String() string {
	if int(v) < len(vectorNames) && vectorNames[v] != "" {
		return vectorNames[v]
	}
	return "interrupt"
}

var vectorNames = [32]string{
	VectorDE: "#DE divide error", VectorDB: "#DB debug", VectorNMI: "NMI", VectorBP: "#BP breakpoint",
	VectorOF: "#OF overflow", VectorBR: "#BR bound range", VectorUD: "#UD invalid opcode",
	VectorNM: "#NM device not available", VectorDF: "#DF double fault", VectorTS: "#TS invalid TSS",
	VectorNP: "#NP segment not present", VectorSS: "#SS stack fault", VectorGP: "#GP general protection",
	VectorPF: "#PF page fault", VectorMF: "#MF x87 floating point", VectorAC: "#AC alignment check",
	VectorMC: "#MC machine check", VectorXM: "#XM SIMD floating point", VectorVE: "#VE virtualization",
	VectorCP: "#CP control protection", VectorHV: "#HV hypervisor injection",
	VectorVC: "#VC VMM communication", VectorSX: "#SX security",
}
