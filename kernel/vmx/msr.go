package vmx

import "tuco/kernel/x86"

// Registers that say what the CPU's VT-x can do.
//
// SDM vol. 3, "VMX Capability Reporting Facility".
const (
	msrFeatureControl x86.MSR = 0x3a
	msrBasic          x86.MSR = 0x480
	msrPin            x86.MSR = 0x481
	msrProc           x86.MSR = 0x482
	msrExit           x86.MSR = 0x483
	msrEntry          x86.MSR = 0x484
	msrMisc           x86.MSR = 0x485
	msrCR0Fixed0      x86.MSR = 0x486
	msrCR0Fixed1      x86.MSR = 0x487
	msrCR4Fixed0      x86.MSR = 0x488
	msrCR4Fixed1      x86.MSR = 0x489
	msrSecondary      x86.MSR = 0x48b
	msrEPTVPID        x86.MSR = 0x48c
	msrTruePin        x86.MSR = 0x48d
	msrTrueProc       x86.MSR = 0x48e
	msrTrueExit       x86.MSR = 0x48f
	msrTrueEntry      x86.MSR = 0x490
)

// Bits of the feature control register.
const (
	featureLocked      = 1 << 0
	featureVMXONInside = 1 << 1 // inside SMX operation
	featureVMXON       = 1 << 2 // outside SMX operation
)

// Bits of the basic register.
const (
	basicRevision = 1<<31 - 1
	basicTrue     = 1 << 55 // the "true" control registers exist
)

// Bits of the EPT and VPID register.
const (
	eptWalk4            = 1 << 6
	eptWriteBack        = 1 << 14
	ept2M               = 1 << 16
	ept1G               = 1 << 17
	invEPT              = 1 << 20
	eptDirty            = 1 << 21
	invEPTSingle        = 1 << 25
	invEPTAll           = 1 << 26
	invVPID             = 1 << 32
	invVPIDAddress      = 1 << 40
	invVPIDSingle       = 1 << 41
	invVPIDAll          = 1 << 42
	invVPIDSingleGlobal = 1 << 43
)
