package vmx

// Reason is a basic exit reason.
//
// SDM vol. 3, appendix "VMX Basic Exit Reasons".
type Reason uint16

// The reasons.
const (
	ReasonException         Reason = 0 // or NMI
	ReasonExternalInterrupt Reason = 1
	ReasonTripleFault       Reason = 2
	ReasonINIT              Reason = 3
	ReasonSIPI              Reason = 4
	ReasonInterruptWindow   Reason = 7
	ReasonNMIWindow         Reason = 8
	ReasonTaskSwitch        Reason = 9
	ReasonCPUID             Reason = 10
	ReasonGETSEC            Reason = 11
	ReasonHLT               Reason = 12
	ReasonINVD              Reason = 13
	ReasonINVLPG            Reason = 14
	ReasonRDPMC             Reason = 15
	ReasonRDTSC             Reason = 16
	ReasonRSM               Reason = 17
	ReasonVMCALL            Reason = 18
	ReasonVMCLEAR           Reason = 19
	ReasonVMLAUNCH          Reason = 20
	ReasonVMPTRLD           Reason = 21
	ReasonVMPTRST           Reason = 22
	ReasonVMREAD            Reason = 23
	ReasonVMRESUME          Reason = 24
	ReasonVMWRITE           Reason = 25
	ReasonVMXOFF            Reason = 26
	ReasonVMXON             Reason = 27
	ReasonCRAccess          Reason = 28
	ReasonMOVDR             Reason = 29
	ReasonIO                Reason = 30
	ReasonRDMSR             Reason = 31
	ReasonWRMSR             Reason = 32
	ReasonInvalidState      Reason = 33
	ReasonMSRLoading        Reason = 34
	ReasonMWAIT             Reason = 36
	ReasonMonitorTrap       Reason = 37
	ReasonMONITOR           Reason = 39
	ReasonPAUSE             Reason = 40
	ReasonMachineCheck      Reason = 41
	ReasonTPRThreshold      Reason = 43
	ReasonAPICAccess        Reason = 44
	ReasonEOI               Reason = 45
	ReasonGDTRIDTR          Reason = 46
	ReasonLDTRTR            Reason = 47
	ReasonEPTViolation      Reason = 48
	ReasonEPTMisconfig      Reason = 49
	ReasonINVEPT            Reason = 50
	ReasonRDTSCP            Reason = 51
	ReasonPreemptionTimer   Reason = 52
	ReasonINVVPID           Reason = 53
	ReasonWBINVD            Reason = 54
	ReasonXSETBV            Reason = 55
	ReasonAPICWrite         Reason = 56
	ReasonRDRAND            Reason = 57
	ReasonINVPCID           Reason = 58
	ReasonVMFUNC            Reason = 59
	ReasonENCLS             Reason = 60
	ReasonRDSEED            Reason = 61
	ReasonPMLFull           Reason = 62
	ReasonXSAVES            Reason = 63
	ReasonXRSTORS           Reason = 64
	reasons                        = 65
)

// reasonEntryFailed, in the exit reason field, says that the entry failed and
// nothing of the guest ran.
const reasonEntryFailed = 1 << 31

// String is the reason's name.
func (r Reason) String() string {
	if r < reasons && reasonNames[r] != "" {
		return reasonNames[r]
	}
	return "unknown exit reason"
}

var reasonNames = [reasons]string{
	ReasonException: "exception or NMI", ReasonExternalInterrupt: "external interrupt",
	ReasonTripleFault: "triple fault", ReasonINIT: "INIT", ReasonSIPI: "SIPI",
	ReasonInterruptWindow: "interrupt window", ReasonNMIWindow: "NMI window",
	ReasonTaskSwitch: "task switch", ReasonCPUID: "CPUID", ReasonGETSEC: "GETSEC",
	ReasonHLT: "HLT", ReasonINVD: "INVD", ReasonINVLPG: "INVLPG", ReasonRDPMC: "RDPMC",
	ReasonRDTSC: "RDTSC", ReasonRSM: "RSM", ReasonVMCALL: "VMCALL", ReasonVMCLEAR: "VMCLEAR",
	ReasonVMLAUNCH: "VMLAUNCH", ReasonVMPTRLD: "VMPTRLD", ReasonVMPTRST: "VMPTRST",
	ReasonVMREAD: "VMREAD", ReasonVMRESUME: "VMRESUME", ReasonVMWRITE: "VMWRITE",
	ReasonVMXOFF: "VMXOFF", ReasonVMXON: "VMXON", ReasonCRAccess: "control register access",
	ReasonMOVDR: "MOV DR", ReasonIO: "I/O", ReasonRDMSR: "RDMSR", ReasonWRMSR: "WRMSR",
	ReasonInvalidState: "invalid guest state", ReasonMSRLoading: "MSR loading",
	ReasonMWAIT: "MWAIT", ReasonMonitorTrap: "monitor trap", ReasonMONITOR: "MONITOR",
	ReasonPAUSE: "PAUSE", ReasonMachineCheck: "machine check at entry",
	ReasonTPRThreshold: "TPR below threshold", ReasonAPICAccess: "APIC access", ReasonEOI: "virtualized EOI",
	ReasonGDTRIDTR: "GDTR or IDTR access", ReasonLDTRTR: "LDTR or TR access",
	ReasonEPTViolation: "EPT violation", ReasonEPTMisconfig: "EPT misconfiguration",
	ReasonINVEPT: "INVEPT", ReasonRDTSCP: "RDTSCP", ReasonPreemptionTimer: "preemption timer",
	ReasonINVVPID: "INVVPID", ReasonWBINVD: "WBINVD", ReasonXSETBV: "XSETBV",
	ReasonAPICWrite: "APIC write", ReasonRDRAND: "RDRAND", ReasonINVPCID: "INVPCID",
	ReasonVMFUNC: "VMFUNC", ReasonENCLS: "ENCLS", ReasonRDSEED: "RDSEED",
	ReasonPMLFull: "page-modification log full", ReasonXSAVES: "XSAVES", ReasonXRSTORS: "XRSTORS",
}
