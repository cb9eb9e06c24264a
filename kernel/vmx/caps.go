package vmx

import "tuco/kernel/x86"

// Caps is what the CPU's VT-x can do, as its capability registers say.
type Caps struct {
	basic    uint64
	misc     uint64
	eptVPID  uint64
	cr0, cr4 fixed
	allowed  [controls]Range
}

// fixed is a control register's word on VMX operation: bits set in ones must
// be 1, bits clear in may must be 0.
//
// SDM vol. 3, "VMX-Fixed Bits in CR0" and "VMX-Fixed Bits in CR4".
type fixed struct {
	ones, may uint64
}

// apply makes the value acceptable.
func (f fixed) apply(v uint64) uint64 { return (v | f.ones) & f.may }

// accepts tells whether the value is acceptable as it stands.
func (f fixed) accepts(v uint64) bool { return v&f.ones == f.ones && v&^f.may == 0 }

// read fills the capabilities from the registers that the function reads.
func (c *Caps) read(rdmsr func(x86.MSR) uint64) {
	c.basic = rdmsr(msrBasic)
	c.misc = rdmsr(msrMisc)
	c.cr0 = fixed{ones: rdmsr(msrCR0Fixed0), may: rdmsr(msrCR0Fixed1)}
	c.cr4 = fixed{ones: rdmsr(msrCR4Fixed0), may: rdmsr(msrCR4Fixed1)}

	pin, proc, exit, entry := msrPin, msrProc, msrExit, msrEntry
	if c.basic&basicTrue != 0 {
		pin, proc, exit, entry = msrTruePin, msrTrueProc, msrTrueExit, msrTrueEntry
	}
	c.allowed[ControlPin] = Range(rdmsr(pin))
	c.allowed[ControlProc] = Range(rdmsr(proc))
	c.allowed[ControlExit] = Range(rdmsr(exit))
	c.allowed[ControlEntry] = Range(rdmsr(entry))

	c.allowed[ControlSecondary] = 0
	c.eptVPID = 0
	if c.allowed[ControlProc].May()&procSecondary != 0 {
		c.allowed[ControlSecondary] = Range(rdmsr(msrSecondary))
		if c.allows(ControlSecondary, secEPT) || c.allows(ControlSecondary, secVPID) {
			c.eptVPID = rdmsr(msrEPTVPID)
		}
	}
}

// allows tells whether the CPU lets the bits of the word be set.
func (c *Caps) allows(w Control, bits uint32) bool {
	return c.allowed[w].May()&bits == bits
}

// revision is what a VMXON region and a VMCS begin with.
func (c *Caps) revision() uint32 { return uint32(c.basic & basicRevision) }

// wanted is what this back end can't do without.
var wanted = [controls]uint32{
	ControlPin: pinExternalInterrupts | pinNMI | pinVirtualNMI,
	ControlProc: procInterruptWindow | procTSCOffset | procHLT | procMWAIT | procRDPMC |
		procMOVDR | procIO | procMONITOR | procCR3Load | procCR3Store | procCR8Load | procCR8Store | procSecondary,
	ControlExit:  exitHost64 | exitLoadPAT | exitSaveEFER | exitLoadEFER | exitSaveDebug,
	ControlEntry: entryGuest64 | entryLoadPAT | entryLoadEFER | entryLoadDebug,
}

// welcome is what it asks for where the CPU has it: instructions that fault
// in a guest unless they are let in, and an exit for emptying the caches.
var welcome = [controls]uint32{
	ControlSecondary: secRDTSCP | secINVPCID | secWBINVD,
}

// lacking names the first control that this back end can't do without and the
// CPU does not have; empty when it has all.
func (c *Caps) lacking() string {
	for w := range controls {
		if _, lacks := c.allowed[w].Adjust(wanted[w]); lacks != 0 {
			return w.Lack(lacks)
		}
	}
	return ""
}
