package svm

import (
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// feature is a bit number in CPUID 8000_000A EDX.
type feature uint8

// Features that the code here asks for. Names of all are in featureNames.
const (
	featureNPT           feature = 0
	featureNextRIP       feature = 3
	featureClean         feature = 5
	featureDecodeAssists feature = 7
)

// featureNames is indexed by bit. CPUID Specification, "SVM Revision and
// Feature Identification".
var featureNames = [...]string{
	"npt", "lbrv", "svm-lock", "nrips", "tsc-rate", "vmcb-clean", "flush-by-asid", "decode-assists",
	8: "", "", "pause-filter", "", "pause-filter-threshold", "avic", "", "virtual-vmload", "vgif", "gmet",
	"x2avic", "sss-check", "spec-ctrl", "rogpt", "", "host-mce-override", "tlbi-ctl", "vnmi", "ibs-virt",
}

// features is what the CPUs have; written by Probe on the boot CPU.
var features uint32

// asids is how many there are, the host's included.
var asids uint32

func has(f feature) bool { return features>>f&1 != 0 }

// Bits of the VM_CR register.
const (
	vmcrLock    = 1 << 3
	vmcrDisable = 1 << 4
)

const (
	msrVMCR  x86.MSR = 0xc001_0114
	msrHSave x86.MSR = 0xc001_0117
)

// Probe looks at the CPU's abilities; CPUID says that it has SVM.
func Probe(p *exit.Probed) {
	*p = exit.Probed{Names: featureNames[:]}
	if max, _, _, _ := x86.CPUID(0x8000_0000, 0); max < 0x8000_000a {
		p.Missing = "the CPU reports AMD-V and has no CPUID leaf 8000_000A to describe it"
		p.Remedy = "in QEMU use -cpu EPYC,+svm or -cpu max"
		return
	}
	_, asids, _, features = x86.CPUID(0x8000_000a, 0)
	p.Features = uint64(features)
	p.Tags = asids
	p.Nested = has(featureNPT)

	if vmcr, ok := x86.ReadMSRSafe(msrVMCR); ok && vmcr&vmcrDisable != 0 {
		p.Missing = "AMD-V is there and switched off (VM_CR.SVMDIS)"
		p.Remedy = "enable SVM, often called AMD-V or virtualization, in the firmware's setup"
		return
	}
	if asids < 2 {
		p.Missing = "AMD-V has no ASID for a guest"
		p.Remedy = "in QEMU use -cpu EPYC,+svm or -cpu max"
		return
	}
	p.Usable = true
	if !p.Nested {
		p.Missing = "AMD-V without nested paging (CPUID 8000_000A EDX bit 0)"
		p.Remedy = "in QEMU use -cpu EPYC,+svm or -cpu max"
	}
}
