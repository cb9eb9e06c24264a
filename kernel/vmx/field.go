package vmx

// Field is the encoding of a VMCS field: what VMREAD and VMWRITE name it by.
// The encoding itself tells the field's width and kind.
//
// SDM vol. 3, "Field Encoding in VMCS".
type Field uint32

// Width is how many bits a field has.
type Width uint8

// The widths, as the encoding numbers them.
const (
	Width16 Width = iota
	Width64
	Width32
	WidthNatural
)

// Kind is what part of the VMCS a field belongs to.
type Kind uint8

// The kinds, as the encoding numbers them.
const (
	KindControl Kind = iota
	KindExit         // read-only: what the last exit left
	KindGuest
	KindHost
)

// Width is the field's width.
func (f Field) Width() Width { return Width(f >> 13 & 3) }

// Kind is the part of the VMCS that the field belongs to.
func (f Field) Kind() Kind { return Kind(f >> 10 & 3) }

// Controls.
const (
	CtlVPID Field = 0x0000

	CtlIOBitmapA Field = 0x2000
	CtlIOBitmapB Field = 0x2002
	CtlMSRBitmap Field = 0x2004
	CtlTSCOffset Field = 0x2010
	CtlEPTP      Field = 0x201a

	CtlPin            Field = 0x4000
	CtlProc           Field = 0x4002
	CtlExceptions     Field = 0x4004
	CtlPFMask         Field = 0x4006
	CtlPFMatch        Field = 0x4008
	CtlCR3Targets     Field = 0x400a
	CtlExit           Field = 0x400c
	CtlExitMSRStores  Field = 0x400e
	CtlExitMSRLoads   Field = 0x4010
	CtlEntry          Field = 0x4012
	CtlEntryMSRLoads  Field = 0x4014
	CtlEntryEvent     Field = 0x4016
	CtlEntryErrorCode Field = 0x4018
	CtlEntryLength    Field = 0x401a
	CtlSecondary      Field = 0x401e
	CtlCR0Mask        Field = 0x6000
	CtlCR4Mask        Field = 0x6002
	CtlCR0Shadow      Field = 0x6004
	CtlCR4Shadow      Field = 0x6006
)

// What an exit, or an instruction that failed, leaves.
const (
	ExitGuestPhysical  Field = 0x2400
	ExitInstrError     Field = 0x4400
	ExitReason         Field = 0x4402
	ExitEvent          Field = 0x4404
	ExitErrorCode      Field = 0x4406
	ExitVectoring      Field = 0x4408
	ExitVectoringError Field = 0x440a
	ExitLength         Field = 0x440c
	ExitInstrInfo      Field = 0x440e
	ExitQualification  Field = 0x6400
	ExitGuestLinear    Field = 0x640a
)

// The guest's state. The segment fields stand for ES; see Segment for the others.
const (
	GuestSelector Field = 0x0800

	GuestLink     Field = 0x2800
	GuestDebugCtl Field = 0x2802
	GuestPAT      Field = 0x2804
	GuestEFER     Field = 0x2806
	GuestPDPTE0   Field = 0x280a

	GuestLimit            Field = 0x4800
	GuestGDTRLimit        Field = 0x4810
	GuestIDTRLimit        Field = 0x4812
	GuestAccess           Field = 0x4814
	GuestInterruptibility Field = 0x4824
	GuestActivity         Field = 0x4826
	GuestSysenterCS       Field = 0x482a

	GuestCR0          Field = 0x6800
	GuestCR3          Field = 0x6802
	GuestCR4          Field = 0x6804
	GuestBase         Field = 0x6806
	GuestGDTRBase     Field = 0x6816
	GuestIDTRBase     Field = 0x6818
	GuestDR7          Field = 0x681a
	GuestRSP          Field = 0x681c
	GuestRIP          Field = 0x681e
	GuestRFLAGS       Field = 0x6820
	GuestPendingDebug Field = 0x6822
	GuestSysenterESP  Field = 0x6824
	GuestSysenterEIP  Field = 0x6826
)

// The host's state, which every exit loads.
const (
	HostES Field = 0x0c00
	HostCS Field = 0x0c02
	HostSS Field = 0x0c04
	HostDS Field = 0x0c06
	HostFS Field = 0x0c08
	HostGS Field = 0x0c0a
	HostTR Field = 0x0c0c

	HostPAT  Field = 0x2c00
	HostEFER Field = 0x2c02

	HostSysenterCS Field = 0x4c00

	HostCR0         Field = 0x6c00
	HostCR3         Field = 0x6c02
	HostCR4         Field = 0x6c04
	HostFSBase      Field = 0x6c06
	HostGSBase      Field = 0x6c08
	HostTRBase      Field = 0x6c0a
	HostGDTRBase    Field = 0x6c0c
	HostIDTRBase    Field = 0x6c0e
	HostSysenterESP Field = 0x6c10
	HostSysenterEIP Field = 0x6c12
	HostRSP         Field = 0x6c14
	HostRIP         Field = 0x6c16
)
