package x86

// MSR is the number of a model-specific register.
type MSR uint32

// Registers that both vendors have.
const (
	MSRTSC         MSR = 0x10
	MSRAPICBase    MSR = 0x1b
	MSRMTRRCap     MSR = 0xfe
	MSRPAT         MSR = 0x277
	MSRTSCDeadline MSR = 0x6e0
	MSRTSCAux      MSR = 0xc000_0103

	MSREFER         MSR = 0xc000_0080
	MSRSTAR         MSR = 0xc000_0081
	MSRLSTAR        MSR = 0xc000_0082
	MSRCSTAR        MSR = 0xc000_0083
	MSRSFMASK       MSR = 0xc000_0084
	MSRFSBase       MSR = 0xc000_0100
	MSRGSBase       MSR = 0xc000_0101
	MSRKernelGSBase MSR = 0xc000_0102

	MSRSysenterCS  MSR = 0x174
	MSRSysenterESP MSR = 0x175
	MSRSysenterEIP MSR = 0x176
)

// Bits of EFER.
const (
	EFERSCE  = 1 << 0  // SYSCALL and SYSRET
	EFERLME  = 1 << 8  // long mode enabled
	EFERLMA  = 1 << 10 // long mode active
	EFERNXE  = 1 << 11 // no-execute pages
	EFERSVME = 1 << 12 // AMD: the virtual machine instructions
)

// Bits of the APIC base register.
const (
	APICBaseBSP    = 1 << 8
	APICBaseX2APIC = 1 << 10
	APICBaseEnable = 1 << 11
)
