package svm

import (
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// code is an exit code. APM vol. 2, "SVM Intercept Exit Codes".
type code uint64

// The exit codes. The first five are the beginnings of ranges.
const (
	codeReadCR    code = 0x00
	codeWriteCR   code = 0x10
	codeReadDR    code = 0x20
	codeWriteDR   code = 0x30
	codeException code = 0x40

	codeBP = codeException + code(x86.VectorBP) // by INT3 only
	codeOF = codeException + code(x86.VectorOF) // by INTO only

	codeINTR            code = 0x60
	codeNMI             code = 0x61
	codeSMI             code = 0x62
	codeINIT            code = 0x63
	codeVINTR           code = 0x64
	codeCR0Selective    code = 0x65
	codeReadIDTR        code = 0x66
	codeReadGDTR        code = 0x67
	codeReadLDTR        code = 0x68
	codeReadTR          code = 0x69
	codeWriteIDTR       code = 0x6a
	codeWriteGDTR       code = 0x6b
	codeWriteLDTR       code = 0x6c
	codeWriteTR         code = 0x6d
	codeRDTSC           code = 0x6e
	codeRDPMC           code = 0x6f
	codePUSHF           code = 0x70
	codePOPF            code = 0x71
	codeCPUID           code = 0x72
	codeRSM             code = 0x73
	codeIRET            code = 0x74
	codeINTn            code = 0x75
	codeINVD            code = 0x76
	codePAUSE           code = 0x77
	codeHLT             code = 0x78
	codeINVLPG          code = 0x79
	codeINVLPGA         code = 0x7a
	codeIO              code = 0x7b
	codeMSR             code = 0x7c
	codeTaskSwitch      code = 0x7d
	codeFERRFreeze      code = 0x7e
	codeShutdown        code = 0x7f
	codeVMRUN           code = 0x80
	codeVMMCALL         code = 0x81
	codeVMLOAD          code = 0x82
	codeVMSAVE          code = 0x83
	codeSTGI            code = 0x84
	codeCLGI            code = 0x85
	codeSKINIT          code = 0x86
	codeRDTSCP          code = 0x87
	codeICEBP           code = 0x88
	codeWBINVD          code = 0x89 // TCG: INVD too
	codeMONITOR         code = 0x8a
	codeMWAIT           code = 0x8b
	codeMWAITArmed      code = 0x8c
	codeXSETBV          code = 0x8d
	codeRDPRU           code = 0x8e
	codeWroteEFER       code = 0x8f
	codeINVLPGB         code = 0xa0
	codeINVLPGBIllegal  code = 0xa1
	codeINVPCID         code = 0xa2
	codeMCOMMIT         code = 0xa3
	codeTLBSYNC         code = 0xa4
	codes                    = 0xa5
	codeNestedPageFault code = 0x400

	// codeInvalid is 64 bits wide on hardware, and 32 bits wide on TCG.
	codeInvalid   = 0xffff_ffff
	maxRangeCodes = 16
)

// reasons says what a code means to those above. The ranges and the codes
// beyond the table are reason's affair. MSR exits stand as reads.
var reasons = [codes]exit.Reason{
	codeINTR: exit.Interrupt, codeNMI: exit.NMI, codeSMI: exit.SMI, codeINIT: exit.Init, codeVINTR: exit.Window,
	codeCR0Selective: exit.CRWrite,
	codeReadIDTR:     exit.DescriptorTable, codeReadGDTR: exit.DescriptorTable,
	codeReadLDTR: exit.DescriptorTable, codeReadTR: exit.DescriptorTable,
	codeWriteIDTR: exit.DescriptorTable, codeWriteGDTR: exit.DescriptorTable,
	codeWriteLDTR: exit.DescriptorTable, codeWriteTR: exit.DescriptorTable,
	codeRDTSC: exit.RDTSC, codeRDPMC: exit.RDPMC, codePUSHF: exit.Flags, codePOPF: exit.Flags,
	codeCPUID: exit.CPUID, codeRSM: exit.RSM, codeIRET: exit.IRET, codeINTn: exit.SoftwareInterrupt,
	codeINVD: exit.INVD, codePAUSE: exit.Pause, codeHLT: exit.HLT, codeINVLPG: exit.INVLPG,
	codeINVLPGA: exit.VirtualInstruction, codeIO: exit.Port, codeMSR: exit.MSRRead,
	codeTaskSwitch: exit.TaskSwitch, codeShutdown: exit.Shutdown,
	codeVMRUN: exit.VirtualInstruction, codeVMMCALL: exit.Hypercall,
	codeVMLOAD: exit.VirtualInstruction, codeVMSAVE: exit.VirtualInstruction,
	codeSTGI: exit.VirtualInstruction, codeCLGI: exit.VirtualInstruction,
	codeSKINIT: exit.VirtualInstruction, codeRDTSCP: exit.RDTSCP, codeICEBP: exit.SoftwareInterrupt,
	codeWBINVD: exit.WBINVD, codeMONITOR: exit.Monitor, codeMWAIT: exit.MWait,
	codeMWAITArmed: exit.MWait, codeXSETBV: exit.XSETBV, codeRDPRU: exit.RDPRU, codeINVPCID: exit.INVPCID,
	codeINVLPGB: exit.VirtualInstruction, codeINVLPGBIllegal: exit.VirtualInstruction,
	codeTLBSYNC: exit.VirtualInstruction,
}

// reason translates a code.
func (c code) reason() exit.Reason {
	switch {
	case c-codeException < codeINTR-codeException && c != codeBP && c != codeOF: // by far the most
		return exit.Exception
	case c < codeWriteCR:
		return exit.CRRead
	case c < codeReadDR:
		return exit.CRWrite
	case c < codeWriteDR:
		return exit.DRRead
	case c < codeException:
		return exit.DRWrite
	case c < codeINTR:
		return exit.SoftwareInterrupt
	case c < codes:
		return reasons[c]
	case c == codeNestedPageFault:
		return exit.NestedFault
	case uint32(c) == codeInvalid:
		return exit.Invalid
	}
	return exit.Unknown
}
