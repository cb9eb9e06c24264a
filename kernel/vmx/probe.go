package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// caps is what the CPUs can do. Probe fills it in on the boot CPU, before any
// other CPU runs; all CPUs of a machine are alike.
var caps Caps

const (
	cpuidVMX = 1 << 5  // CPUID.1:ECX
	vpids    = 1 << 16 // a VPID has 16 bits
)

// Words on what is missing and how to get it.
const (
	missingVMX    = "VT-x (CPUID 1 ECX bit 5)"
	remedyVMX     = "QEMU without KVM has no VT-x: use -cpu EPYC,+svm, or Bochs with cpu model corei7_skylake_x; under KVM, -cpu host with kvm_intel nested=1"
	missingLocked = "permission to use VT-x: the firmware has locked it off (IA32_FEATURE_CONTROL)"
	remedyLocked  = "enable \"Intel Virtualization Technology\" in the firmware's setup and power the machine off and on"
	remedyControl = "a CPU of the Nehalem family or later is needed; in Bochs, model corei7_skylake_x"
	missingEPT    = "extended page tables"
)

// Probe finds out what this CPU's VT-x can do.
func Probe(p *exit.Probed) {
	*p = exit.Probed{Names: featureNames[:]}
	if _, _, ecx, _ := x86.CPUID(1, 0); ecx&cpuidVMX == 0 {
		p.Missing, p.Remedy = missingVMX, remedyVMX
		return
	}
	if !allowedByFirmware(x86.RDMSR(msrFeatureControl)) {
		p.Missing, p.Remedy = missingLocked, remedyLocked
		return
	}
	caps.read(x86.RDMSR)
	caps.report(p)
}

// report says what the capabilities mean for guests.
func (c *Caps) report(p *exit.Probed) {
	for f := range Features {
		if c.Has(f) {
			p.Features |= 1 << f
		}
	}
	if name := c.lacking(); name != "" {
		p.Missing, p.Remedy = name, remedyControl
		return
	}
	p.Usable = true
	if c.Has(FeatureVPID) {
		p.Tags = vpids
	}
	if p.Nested = c.Has(FeatureEPT); !p.Nested {
		p.Missing, p.Remedy = missingEPT, remedyControl
	}
}

// allowedByFirmware tells whether VMXON outside SMX operation is on, or can be
// turned on.
func allowedByFirmware(featureControl uint64) bool {
	return featureControl&featureLocked == 0 || featureControl&featureVMXON != 0
}
