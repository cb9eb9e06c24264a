package svm

import "tuco/kernel/exit"

// vmcb is the control block: a page, with the controls in its first 1 KiB and
// the guest's state behind them. APM vol. 2, "VMCB Layout".
type vmcb struct {
	control controlArea
	save    saveArea
	_       [0x1000 - 0x400 - 0x298]byte
}

type controlArea struct {
	readCR, writeCR  uint16 // 000
	readDR, writeDR  uint16 // 004
	exceptions       uint32 // 008
	intercepts       [3]uint32
	_                [0x3c - 0x18]byte
	pauseThreshold   uint16 // 03c
	pauseCount       uint16
	ioBitmap         uint64 // 040
	msrBitmap        uint64
	tscOffset        uint64 // 050
	asid             uint32
	tlbControl       uint8 // 05c
	_                [3]byte
	virtualInterrupt uint64 // 060
	shadow           uint64
	exitCode         uint64 // 070
	exitInfo         [2]uint64
	exitIntInfo      uint64 // 088
	nested           uint64 // 090
	apicBar          uint64
	ghcb             uint64
	eventInject      uint64 // 0a8
	nestedCR3        uint64 // 0b0
	virtualization   uint64
	clean            uint32 // 0c0
	_                uint32
	nextRIP          uint64
	fetched          uint8 // 0d0
	code             [15]byte
	_                [0x400 - 0xe0]byte
}

type saveArea struct {
	es, cs, ss, ds, fs, gs segment // 400
	gdtr, ldtr, idtr, tr   segment // 460
	_                      [0xcb - 0xa0]byte
	cpl                    uint8 // 4cb
	_                      uint32
	efer                   uint64 // 4d0
	_                      [0x148 - 0xd8]byte
	cr4, cr3, cr0          uint64 // 548
	dr7, dr6               uint64
	rflags                 uint64 // 570
	rip                    uint64
	_                      [0x1d8 - 0x180]byte
	rsp                    uint64 // 5d8
	_                      [0x1f8 - 0x1e0]byte
	rax                    uint64 // 5f8
	star, lstar            uint64 // 600
	cstar, sfmask          uint64
	kernelGSBase           uint64 // 620
	sysenterCS             uint64
	sysenterESP            uint64
	sysenterEIP            uint64
	cr2                    uint64 // 640
	_                      [0x268 - 0x248]byte
	pat                    uint64 // 668
	debugCtl               uint64
	branchFrom, branchTo   uint64
	faultFrom, faultTo     uint64
}

type segment struct {
	selector uint16
	attr     uint16
	limit    uint32
	base     uint64
}

// Bits of controlArea.intercepts[0].
const (
	interceptINTR       = 1 << 0
	interceptNMI        = 1 << 1
	interceptINIT       = 1 << 3
	interceptVINTR      = 1 << 4
	interceptCPUID      = 1 << 18
	interceptINTn       = 1 << 21
	interceptINVD       = 1 << 22
	interceptHLT        = 1 << 24
	interceptINVLPGA    = 1 << 26
	interceptIO         = 1 << 27
	interceptMSR        = 1 << 28
	interceptTaskSwitch = 1 << 29
	interceptShutdown   = 1 << 31
)

// Bits of controlArea.intercepts[1].
const (
	interceptVMRUN   = 1 << 0
	interceptVMMCALL = 1 << 1
	interceptVMLOAD  = 1 << 2
	interceptVMSAVE  = 1 << 3
	interceptSTGI    = 1 << 4
	interceptCLGI    = 1 << 5
	interceptSKINIT  = 1 << 6
	interceptICEBP   = 1 << 8
	interceptWBINVD  = 1 << 9
	interceptMONITOR = 1 << 10
	interceptMWAIT   = 1 << 11
	interceptXSETBV  = 1 << 13
	interceptRDPRU   = 1 << 14
)

// Bits of controlArea.virtualInterrupt.
const (
	vIRQ         = 1 << 8
	vPriority    = 0xf << 16
	vIgnoreTPR   = 1 << 20
	vIntrMasking = 1 << 24
	vTPR         = 0xf // the bits that CR8 shows
)

// tlbFlushAll, in controlArea.tlbControl, flushes the TLB at the entry, whatever the ASID.
const tlbFlushAll = 1

// lengthVMMCALL is for the entry code.
//
//lint:ignore U1000 run_amd64.s uses it
const lengthVMMCALL = exit.HypercallLength

const (
	shadowSTI     = 1 << 0 // of controlArea.shadow: interrupts are held off for one instruction
	nestedEnable  = 1 << 0 // of controlArea.nested
	eventValid    = 1 << 31
	eventHasCode  = 1 << 11
	allPorts      = 0xff
	defaultPAT    = 0x0007_0406_0007_0406
	mostRegisters = 0xffff // of readCR and its like
)

// Bits of controlArea.clean: what the CPU may keep from the guest's last run
// on it. A setter clears the bit of what it changed.
const (
	cleanIntercepts = 1 << 0 // and the TSC offset
	cleanBitmaps    = 1 << 1
	cleanASID       = 1 << 2
	cleanInterrupt  = 1 << 3
	cleanNested     = 1 << 4
	cleanCR         = 1 << 5 // CR0, CR3, CR4, EFER
	cleanDR         = 1 << 6
	cleanTables     = 1 << 7
	cleanSegments   = 1 << 8 // CS, DS, SS, ES, CPL
	cleanCR2        = 1 << 9
	cleanAll        = 1<<10 - 1
)
