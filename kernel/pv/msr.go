package pv

import (
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// Registers beside those of package x86 that guests ask for.
const (
	msrPlatformID x86.MSR = 0x17
	msrBIOSSign   x86.MSR = 0x8b  // microcode revision
	msrMCGCap     x86.MSR = 0x179 // machine checks: banks of registers
	msrMCGStatus  x86.MSR = 0x17a
	msrMiscEnable x86.MSR = 0x1a0
	msrHWCR       x86.MSR = 0xc001_0015
)

// guestPAT is the page attribute table that Xen gives its guests, and which
// Linux expects: entries 0 to 3 as after reset, then write-combining and
// write-protected ones.
const guestPAT = 0x0000_0501_0007_0406

// readMSR is RDMSR by a guest's kernel. False: #GP.
func readMSR(v *domain.VCPU, msr x86.MSR) (uint64, bool) {
	c := &v.Container
	switch msr {
	case x86.MSREFER:
		return c.EFER(), true
	case x86.MSRFSBase:
		return c.Segment(exit.FS).Base, true
	case x86.MSRGSBase:
		return c.Segment(exit.GS).Base, true
	case x86.MSRKernelGSBase:
		return c.KernelGS(), true
	case x86.MSRTSC:
		return x86.RDTSC(), true
	case x86.MSRPAT:
		return guestPAT, true
	case x86.MSRAPICBase:
		base := x86.RDMSR(x86.MSRAPICBase) &^ (x86.APICBaseX2APIC | x86.APICBaseBSP)
		if v.ID == 0 {
			base |= x86.APICBaseBSP
		}
		return base, true
	case msrPlatformID, msrHWCR:
		return 0, true
	case msrMCGCap, msrMCGStatus:
		return 0, true // no bank, no machine check
	case msrMiscEnable, msrBIOSSign:
		return x86.ReadMSRSafe(msr)
	}
	return 0, false
}

// writeMSR is WRMSR by a guest's kernel. False: #GP. A value that a register
// has already may be written to it.
func writeMSR(v *domain.VCPU, msr x86.MSR, value uint64) bool {
	switch msr {
	case x86.MSRFSBase:
		return SetFSBase(v, value)
	case x86.MSRGSBase:
		return SetGSBase(v, value)
	case x86.MSRKernelGSBase:
		return SetOtherGSBase(v, value)
	case msrBIOSSign:
		return value == 0 // which comes before the register is read
	}
	now, ok := readMSR(v, msr)
	return ok && now == value
}

// SetFSBase sets the base of FS. False: it is not canonical.
func SetFSBase(v *domain.VCPU, base uint64) bool { return setBase(v, exit.FS, base) }

// SetGSBase sets the base of GS in the mode that the guest is in.
func SetGSBase(v *domain.VCPU, base uint64) bool { return setBase(v, exit.GS, base) }

// SetOtherGSBase sets the base of GS in the other mode.
func SetOtherGSBase(v *domain.VCPU, base uint64) bool {
	if !frame.VAddr(base).Canonical() {
		return false
	}
	v.Container.SetKernelGS(base)
	return true
}

func setBase(v *domain.VCPU, r exit.SegmentRegister, base uint64) bool {
	if !frame.VAddr(base).Canonical() {
		return false
	}
	v.Container.SetBase(r, base)
	return true
}

// SetUserGS loads a selector into GS as user mode is to have it.
func SetUserGS(v *domain.VCPU, selector uint16) {
	c := &v.Container
	kernel := c.Segment(exit.GS).Base
	loadData(v, exit.GS, selector)
	user := c.Segment(exit.GS)
	c.SetKernelGS(user.Base)
	user.Base = kernel
	c.SetSegment(exit.GS, user)
}
