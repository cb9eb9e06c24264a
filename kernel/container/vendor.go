package container

import (
	"tuco/kernel/exit"
	"tuco/kernel/svm"
	"tuco/kernel/vmx"
	"tuco/kernel/x86"
)

// Vendor is whose virtualization extension the CPUs have.
type Vendor uint8

// The vendors.
const (
	NoVendor Vendor = iota
	AMD             // AMD-V, also called SVM; also Hygon
	Intel           // VT-x, also called VMX; also VIA and Zhaoxin
)

// String is the extension's name as the log shows it.
func (v Vendor) String() string {
	switch v {
	case AMD:
		return "AMD-V (SVM)"
	case Intel:
		return "VT-x (VMX)"
	default:
		return "no virtualization extension"
	}
}

// vendor decides every branch of the seam. Probe writes it, once, before any
// other CPU runs.
var vendor Vendor

// Current is what Probe found.
func Current() Vendor { return vendor }

// Probe finds out which extension the CPUs have. The vendor is told by the
// extension's own CPUID bit and not by the maker's name, which emulators and
// lesser makers vary.
func Probe(p *exit.Probed) Vendor {
	*p = exit.Probed{
		Missing: "neither AMD-V (CPUID 8000_0001 ECX bit 2) nor VT-x (CPUID 1 ECX bit 5)",
		Remedy: "enable virtualization in the firmware's setup; in QEMU use -cpu EPYC,+svm or -cpu max, " +
			"in Bochs a cpu model with VT-x such as corei7_skylake_x, or ryzen",
	}
	_, _, features, _ := x86.CPUID(1, 0)
	max, _, _, _ := x86.CPUID(0x8000_0000, 0)
	var extended uint32
	if max >= 0x8000_0001 {
		_, _, extended, _ = x86.CPUID(0x8000_0001, 0)
	}
	switch {
	case extended&(1<<2) != 0:
		vendor = AMD
		svm.Probe(p)
	case features&(1<<5) != 0:
		vendor = Intel
		vmx.Probe(p)
	}
	return vendor
}

// CanFreeCR3 tells whether writes to CR3 can be made not to exit: see exit.Setup.FreeCR3.
func CanFreeCR3() bool { return vendor == AMD || vmx.CanFreeCR3() }

// Start prepares what all containers share. Probe found the CPU usable.
func Start(block exit.GlobalFrames) {
	if vendor == AMD {
		svm.Start(block)
	} else {
		vmx.Start(block)
	}
}

// Enable turns the extension on, on the CPU that calls; cpu is its number.
func Enable(cpu int, f exit.CPUFrames) exit.Refusal {
	enableExtended()
	if vendor == AMD {
		return svm.Enable(cpu, f)
	}
	return vmx.Enable(cpu, f)
}
