package vmx

import "tuco/kernel/frame"

// Result tells how a VMX instruction ended.
//
// SDM vol. 3, "Conventions".
type Result uint8

// The results.
const (
	Succeeded   Result = 0
	FailInvalid Result = 1 // CF: no current VMCS
	FailValid   Result = 2 // ZF: the current VMCS holds the error's number
)

// vmxon enters VMX operation with the region at the address.
func vmxon(region frame.MAddr) Result

// vmclear writes back what the CPU caches of the VMCS and marks it not launched.
func vmclear(vmcs frame.MAddr) Result

// vmptrld makes the VMCS the current one of this CPU.
func vmptrld(vmcs frame.MAddr) Result

// vmread reads a field of the current VMCS.
func vmread(f Field) (value uint64, r Result)

// vmwrite writes a field of the current VMCS.
func vmwrite(f Field, value uint64) Result

// descriptor is the operand in memory of INVEPT and INVVPID.
type descriptor struct {
	id      uint64 // the EPT pointer or the VPID
	address uint64 // of the page, where INVVPID drops one only
}

// invept drops what the CPU caches of guest-physical mappings.
//
//go:noescape
func invept(kind uint64, d *descriptor) Result

// invvpid drops what the CPU caches of linear mappings.
//
//go:noescape
func invvpid(kind uint64, d *descriptor) Result

// sgdt and sidt give the bases of the tables of this CPU.
func sgdt() uint64
func sidt() uint64

// str gives the selector in the task register of this CPU.
func str() uint16

// segments gives the selectors in use on this CPU.
func segments() (cs, ss, ds, es uint16)

// String tells how the instruction ended.
func (r Result) String() string {
	switch r {
	case Succeeded:
		return "no error"
	case FailInvalid:
		return "no current VMCS, or one that the CPU rejects"
	}
	return "error in the current VMCS"
}
