package vmx

// Pin-based controls.
//
// SDM vol. 3, "Pin-Based VM-Execution Controls".
const (
	pinExternalInterrupts = 1 << 0
	pinNMI                = 1 << 3
	pinVirtualNMI         = 1 << 5
	pinPreemptionTimer    = 1 << 6
	pinPostedInterrupts   = 1 << 7
)

// Primary processor-based controls.
//
// SDM vol. 3, "Processor-Based VM-Execution Controls".
const (
	procInterruptWindow = 1 << 2
	procTSCOffset       = 1 << 3
	procHLT             = 1 << 7
	procINVLPG          = 1 << 9
	procMWAIT           = 1 << 10
	procRDPMC           = 1 << 11
	procRDTSC           = 1 << 12
	procCR3Load         = 1 << 15
	procCR3Store        = 1 << 16
	procCR8Load         = 1 << 19
	procCR8Store        = 1 << 20
	procTPRShadow       = 1 << 21
	procNMIWindow       = 1 << 22
	procMOVDR           = 1 << 23
	procIO              = 1 << 24
	procIOBitmaps       = 1 << 25
	procMonitorTrap     = 1 << 27
	procMSRBitmaps      = 1 << 28
	procMONITOR         = 1 << 29
	procPAUSE           = 1 << 30
	procSecondary       = 1 << 31
)

// Secondary processor-based controls.
const (
	secAPICAccesses     = 1 << 0
	secEPT              = 1 << 1
	secDescriptorTables = 1 << 2
	secRDTSCP           = 1 << 3
	secX2APIC           = 1 << 4
	secVPID             = 1 << 5
	secWBINVD           = 1 << 6
	secUnrestricted     = 1 << 7
	secAPICRegisters    = 1 << 8
	secInterrupts       = 1 << 9
	secPauseLoop        = 1 << 10
	secRDRAND           = 1 << 11
	secINVPCID          = 1 << 12
	secVMFUNC           = 1 << 13
	secVMCSShadow       = 1 << 14
	secRDSEED           = 1 << 16
	secPML              = 1 << 17
	secXSAVES           = 1 << 20
	secTSCScaling       = 1 << 25
)

// Exit controls.
//
// SDM vol. 3, "VM-Exit Controls".
const (
	exitSaveDebug   = 1 << 2
	exitHost64      = 1 << 9
	exitAcknowledge = 1 << 15
	exitSavePAT     = 1 << 18
	exitLoadPAT     = 1 << 19
	exitSaveEFER    = 1 << 20
	exitLoadEFER    = 1 << 21
)

// Entry controls.
//
// SDM vol. 3, "VM-Entry Controls".
const (
	entryLoadDebug = 1 << 2
	entryGuest64   = 1 << 9
	entryLoadPAT   = 1 << 14
	entryLoadEFER  = 1 << 15
)

// Control is a word of controls that a capability register bounds.
type Control uint8

// The words.
const (
	ControlPin Control = iota
	ControlProc
	ControlSecondary
	ControlExit
	ControlEntry
	controls
)

// String is the word's name as the manual writes it.
func (c Control) String() string {
	if c < controls {
		return controlNames[c]
	}
	return "unknown control"
}

var controlNames = [controls]string{
	ControlPin:       "pin-based",
	ControlProc:      "processor-based",
	ControlSecondary: "secondary processor-based",
	ControlExit:      "VM-exit",
	ControlEntry:     "VM-entry",
}

// Range is a capability register's word on a word of controls: a bit that is
// set in the lower half must be 1, a bit that is clear in the upper half must be 0.
type Range uint64

// Must is the bits that the CPU insists on.
func (r Range) Must() uint32 { return uint32(r) }

// May is the bits that the CPU allows.
func (r Range) May() uint32 { return uint32(r >> 32) }

// Adjust completes a wish with the bits that the CPU insists on. Bits of want
// that the CPU does not allow come back in lacks, and the setting is not to be used then.
func (r Range) Adjust(want uint32) (set, lacks uint32) {
	return (want | r.Must()) & r.May(), want &^ r.May()
}

// Lack names the first of the bits that the CPU does not allow.
func (c Control) Lack(bits uint32) string {
	for i := range needNames {
		if n := &needNames[i]; n.control == c && n.bit&bits != 0 {
			return n.name
		}
	}
	return c.String()
}

// needNames names the controls without which this back end does not work.
var needNames = [...]struct {
	control Control
	bit     uint32
	name    string
}{
	{ControlPin, pinExternalInterrupts, "VT-x with external-interrupt exiting"},
	{ControlPin, pinNMI, "VT-x with NMI exiting"},
	{ControlPin, pinVirtualNMI, "VT-x with virtual NMIs"},
	{ControlProc, procInterruptWindow, "VT-x with interrupt-window exiting"},
	{ControlProc, procTSCOffset, "VT-x with TSC offsetting"},
	{ControlProc, procHLT, "VT-x with HLT exiting"},
	{ControlProc, procMWAIT, "VT-x with MWAIT exiting"},
	{ControlProc, procRDPMC, "VT-x with RDPMC exiting"},
	{ControlProc, procMOVDR, "VT-x with MOV-DR exiting"},
	{ControlProc, procIO, "VT-x with unconditional I/O exiting"},
	{ControlProc, procMONITOR, "VT-x with MONITOR exiting"},
	{ControlProc, procCR3Load | procCR3Store, "VT-x with CR3 exiting"},
	{ControlProc, procCR8Load | procCR8Store, "VT-x with CR8 exiting"},
	{ControlProc, procSecondary, "VT-x with secondary controls"},
	{ControlExit, exitSaveDebug, "VT-x with saving of debug controls"},
	{ControlExit, exitHost64, "VT-x with 64-bit host"},
	{ControlExit, exitLoadPAT, "VT-x with loading of PAT"},
	{ControlExit, exitSaveEFER, "VT-x with saving of EFER"},
	{ControlExit, exitLoadEFER, "VT-x with loading of EFER"},
	{ControlEntry, entryLoadDebug, "VT-x with loading of debug controls"},
	{ControlEntry, entryGuest64, "VT-x with 64-bit guests"},
	{ControlEntry, entryLoadPAT, "VT-x with loading of PAT"},
	{ControlEntry, entryLoadEFER, "VT-x with loading of EFER"},
}
