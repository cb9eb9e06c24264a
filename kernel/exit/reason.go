package exit

// Reason says why a guest was left.
type Reason uint8

// The reasons. Unknown is zero, so that a raw code which a back end's table
// leaves out is reported and never mistaken for something harmless.
const (
	Unknown            Reason = iota // a raw code without a name here: see Info.Raw
	Invalid                          // the processor refused the guest's state at entry
	Interrupt                        // the host has an interrupt to serve
	NMI                              // the host has a non-maskable interrupt
	Init                             // the host got INIT
	SMI                              // the host got a system management interrupt
	Window                           // the guest can take an interrupt now, as was asked for
	Exception                        // an exception in the guest, not yet delivered
	SoftwareInterrupt                // INT n, INT3, INTO or ICEBP
	TaskSwitch                       // a task gate or far transfer to a TSS
	Shutdown                         // a triple fault
	CRRead                           // MOV from a control register
	CRWrite                          // MOV to a control register, CLTS or LMSW
	DRRead                           // MOV from a debug register
	DRWrite                          // MOV to a debug register
	MSRRead                          // RDMSR
	MSRWrite                         // WRMSR
	Port                             // IN, OUT, INS, OUTS
	CPUID                            // CPUID
	HLT                              // HLT
	Pause                            // PAUSE, or too many of them
	Monitor                          // MONITOR
	MWait                            // MWAIT
	INVD                             // INVD
	WBINVD                           // WBINVD
	INVLPG                           // INVLPG
	INVPCID                          // INVPCID
	RDTSC                            // RDTSC
	RDTSCP                           // RDTSCP
	RDPMC                            // RDPMC
	RDPRU                            // RDPRU
	XSETBV                           // XSETBV
	Hypercall                        // VMMCALL or VMCALL
	VirtualInstruction               // any other instruction of the virtualization extension
	DescriptorTable                  // LGDT, SIDT, LLDT, STR and their like
	NestedFault                      // nested paging has no such translation, or forbids the access
	NestedMisconfig                  // a nested page table entry is malformed
	IRET                             // IRET
	Flags                            // PUSHF or POPF
	RSM                              // RSM
	Preempted                        // the guest's time slice in the processor's own timer ran out
	Reasons                          // how many reasons there are

	// HypercallLength is the length of the hypercall instruction, in bytes, by
	// which RIP has moved after a Hypercall. A prefix before it is not counted:
	// RIP less this is where the instruction began, with a prefix or without.
	HypercallLength = 3

	// ReasonLimit is a power of two, for arrays indexed by a Reason with no check.
	ReasonLimit = 64
)

const _ = uint(ReasonLimit - Reasons)

var reasonNames = [Reasons]string{
	Unknown: "unknown", Invalid: "invalid guest state", Interrupt: "interrupt", NMI: "NMI", Init: "INIT", SMI: "SMI",
	Window: "interrupt window", Exception: "exception", SoftwareInterrupt: "software interrupt",
	TaskSwitch: "task switch", Shutdown: "triple fault", CRRead: "CR read", CRWrite: "CR write",
	DRRead: "DR read", DRWrite: "DR write", MSRRead: "RDMSR", MSRWrite: "WRMSR", Port: "port",
	CPUID: "CPUID", HLT: "HLT", Pause: "PAUSE", Monitor: "MONITOR", MWait: "MWAIT", INVD: "INVD",
	WBINVD: "WBINVD", INVLPG: "INVLPG", INVPCID: "INVPCID", RDTSC: "RDTSC", RDTSCP: "RDTSCP", RDPMC: "RDPMC",
	RDPRU: "RDPRU", XSETBV: "XSETBV", Hypercall: "hypercall", VirtualInstruction: "virtualization instruction",
	DescriptorTable: "descriptor table", NestedFault: "nested page fault",
	NestedMisconfig: "nested paging misconfiguration", IRET: "IRET", Flags: "PUSHF or POPF", RSM: "RSM",
	Preempted: "preemption timer",
}

// String is the reason as the log and the trace show it.
func (r Reason) String() string {
	if r < Reasons {
		return reasonNames[r]
	}
	return "impossible exit reason"
}
