package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// raw is what the exit fields of a VMCS say.
type raw struct {
	reason        uint32
	length        uint32
	event         uint32 // interruption information
	vectoring     uint32 // the same of the event that was being delivered
	errorCode     uint32
	qualification uint64
	linear        uint64
	physical      uint64
	software      bool // INT n is to exit
}

// neutral maps exit reasons that need no second look.
var neutral = [reasons]exit.Reason{
	ReasonException:         exit.Exception,
	ReasonExternalInterrupt: exit.Interrupt,
	ReasonTripleFault:       exit.Shutdown,
	ReasonINIT:              exit.Init,
	ReasonInterruptWindow:   exit.Window,
	ReasonTaskSwitch:        exit.TaskSwitch,
	ReasonCPUID:             exit.CPUID,
	ReasonGETSEC:            exit.VirtualInstruction,
	ReasonHLT:               exit.HLT,
	ReasonINVD:              exit.INVD,
	ReasonINVLPG:            exit.INVLPG,
	ReasonRDPMC:             exit.RDPMC,
	ReasonRDTSC:             exit.RDTSC,
	ReasonRSM:               exit.RSM,
	ReasonVMCALL:            exit.Hypercall,
	ReasonVMCLEAR:           exit.VirtualInstruction,
	ReasonVMLAUNCH:          exit.VirtualInstruction,
	ReasonVMPTRLD:           exit.VirtualInstruction,
	ReasonVMPTRST:           exit.VirtualInstruction,
	ReasonVMREAD:            exit.VirtualInstruction,
	ReasonVMRESUME:          exit.VirtualInstruction,
	ReasonVMWRITE:           exit.VirtualInstruction,
	ReasonVMXOFF:            exit.VirtualInstruction,
	ReasonVMXON:             exit.VirtualInstruction,
	ReasonIO:                exit.Port,
	ReasonRDMSR:             exit.MSRRead,
	ReasonWRMSR:             exit.MSRWrite,
	ReasonInvalidState:      exit.Invalid,
	ReasonMSRLoading:        exit.Invalid,
	ReasonMWAIT:             exit.MWait,
	ReasonMONITOR:           exit.Monitor,
	ReasonPAUSE:             exit.Pause,
	ReasonMachineCheck:      exit.Invalid,
	ReasonGDTRIDTR:          exit.DescriptorTable,
	ReasonLDTRTR:            exit.DescriptorTable,
	ReasonEPTViolation:      exit.NestedFault,
	ReasonEPTMisconfig:      exit.NestedMisconfig,
	ReasonINVEPT:            exit.VirtualInstruction,
	ReasonRDTSCP:            exit.RDTSCP,
	ReasonPreemptionTimer:   exit.Preempted,
	ReasonINVVPID:           exit.VirtualInstruction,
	ReasonWBINVD:            exit.WBINVD,
	ReasonXSETBV:            exit.XSETBV,
	ReasonINVPCID:           exit.INVPCID,
	ReasonVMFUNC:            exit.VirtualInstruction,
}

// classify gives the neutral reason of an exit. Three of VT-x's reasons stand
// for several of ours: the event or the qualification tells which.
func (r *raw) classify() exit.Reason {
	if r.reason&reasonEntryFailed != 0 {
		return exit.Invalid
	}
	switch reason := Reason(r.reason); reason {
	case ReasonException:
		switch eventKind(r.event) {
		case kindNMI:
			return exit.NMI
		case kindSoftwareException, kindPrivileged:
			return exit.SoftwareInterrupt
		}
		if r.refusedINT() {
			return exit.SoftwareInterrupt
		}
		return exit.Exception
	case ReasonCRAccess:
		if crAccess(r.qualification) == crMoveFrom {
			return exit.CRRead
		}
		return exit.CRWrite
	case ReasonMOVDR:
		if r.qualification&drMoveFrom != 0 {
			return exit.DRRead
		}
		return exit.DRWrite
	default:
		if reason < reasons {
			return neutral[reason]
		}
		return exit.Unknown
	}
}

// refusedINT tells whether an exception is what became of an INT n because the
// guest's interrupt table does not reach that far.
func (r *raw) refusedINT() bool {
	return r.software && x86.Vector(r.event) == x86.VectorGP &&
		r.vectoring&eventValid != 0 && eventKind(r.vectoring) == kindSoftware
}

// soft tells which instruction raised a software interrupt.
func (r *raw) soft() exit.SoftKind {
	switch {
	case eventKind(r.event) == kindPrivileged:
		return exit.SoftICEBP
	case eventKind(r.event) != kindSoftwareException:
		return exit.SoftINT
	case x86.Vector(r.event) == x86.VectorOF:
		return exit.SoftINTO
	}
	return exit.SoftINT3
}

// describe fills in all that the raw exit says.
func (r *raw) describe(i *exit.Info) {
	*i = exit.Info{
		Reason:        r.classify(),
		Raw:           uint64(r.reason),
		Qualification: [2]uint64{r.qualification, r.physical},
	}
	q := r.qualification
	if hasLength(i.Reason) {
		i.Length = uint8(r.length)
	}
	switch i.Reason {
	case exit.Exception:
		i.Vector = x86.Vector(r.event)
		if r.event&eventHasCode != 0 {
			i.HasCode, i.ErrorCode = true, r.errorCode
		}
		if i.Vector == x86.VectorPF {
			i.Linear = frame.VAddr(q)
		}
	case exit.SoftwareInterrupt:
		i.Vector, i.Soft = x86.Vector(r.event), r.soft()
		if i.Soft == exit.SoftINT {
			i.Vector = x86.Vector(r.vectoring)
		}
	case exit.CRRead, exit.CRWrite:
		i.Register = uint8(q & 0xf)
		i.Operand = exit.GPR(q >> 8 & 0xf)
	case exit.DRRead, exit.DRWrite:
		i.Register = uint8(q & 7)
		i.Operand = exit.GPR(q >> 8 & 0xf)
	case exit.Port:
		i.IO = exit.IO{
			Port:   uint16(q >> 16),
			Size:   uint8(q&7) + 1,
			In:     q&ioIn != 0,
			String: q&ioString != 0,
			Repeat: q&ioRepeat != 0,
		}
	case exit.INVLPG:
		i.Linear = frame.VAddr(q)
	case exit.NestedFault:
		i.Physical = frame.MAddr(r.physical)
		i.Access = nestedAccess(q)
		if q&eptLinearValid != 0 {
			i.Linear = frame.VAddr(r.linear)
		}
	case exit.NestedMisconfig:
		i.Physical = frame.MAddr(r.physical)
	}
}

// hasLength tells whether an exit is an instruction's doing, so that the CPU
// says how long the instruction is. Exceptions look at their own.
//
// SDM vol. 3, "Information for VM Exits Due to Instruction Execution".
func hasLength(r exit.Reason) bool {
	switch r {
	case exit.Unknown, exit.Invalid, exit.Interrupt, exit.NMI, exit.Init, exit.SMI, exit.Window,
		exit.Exception, exit.Shutdown, exit.NestedFault, exit.NestedMisconfig, exit.Preempted:
		return false
	}
	return true
}

// Exit qualification of control register accesses.
//
// SDM vol. 3, "Exit Qualification for Control-Register Accesses".
const (
	crMoveTo   = 0
	crMoveFrom = 1
	crCLTS     = 2
	crLMSW     = 3
)

// crAccess is the kind of a control register access.
func crAccess(qualification uint64) uint64 { return qualification >> 4 & 3 }

// Exit qualification of MOV DR and of port accesses.
const (
	drMoveFrom = 1 << 4
	ioIn       = 1 << 3
	ioString   = 1 << 4
	ioRepeat   = 1 << 5
)

// Exit qualification of EPT violations.
//
// SDM vol. 3, "Exit Qualification for EPT Violations".
const (
	eptRead        = 1 << 0
	eptWrite       = 1 << 1
	eptFetch       = 1 << 2
	eptPermissions = 7 << 3
	eptLinearValid = 1 << 7
	eptNotWalk     = 1 << 8
	nmiUnblocked   = 1 << 12 // also in the interruption information: IRET had unblocked NMIs
)

// nestedAccess translates the qualification of an EPT violation.
func nestedAccess(q uint64) (a exit.Access) {
	if q&eptRead != 0 {
		a |= exit.AccessRead
	}
	if q&eptWrite != 0 {
		a |= exit.AccessWrite
	}
	if q&eptFetch != 0 {
		a |= exit.AccessFetch
	}
	if q&eptPermissions != 0 {
		a |= exit.AccessPresent
	}
	if q&eptLinearValid != 0 && q&eptNotWalk == 0 {
		a |= exit.AccessWalk
	}
	return a
}
