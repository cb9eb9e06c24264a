package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/tag"
	"tuco/kernel/x86"
)

// CPU is what VT-x needs for one CPU of the machine. Only that CPU touches it.
type CPU struct {
	region  frame.MAddr // the VMXON region
	current *Guest      // whose VMCS is this CPU's current one
	host    hostState
	tags    tag.Allocator
	syscall exit.Syscall // what is in the CPU's registers
}

var cpus [layout.MaxCPUs]CPU

// Enable turns VMX on on this CPU, whose number is id. The first frame becomes
// the CPU's VMXON region. The CPU's descriptor tables, task register, control
// registers and thread-local storage are in their final state by now: an exit
// loads what they are.
func Enable(id int, f exit.CPUFrames) exit.Refusal {
	c := &cpus[id]
	c.region = f[0].Addr()
	*regionHeader(c.region) = caps.revision()

	if fc := x86.RDMSR(msrFeatureControl); !allowedByFirmware(fc) {
		return missingLocked
	} else if fc&featureLocked == 0 {
		x86.WRMSR(msrFeatureControl, fc|featureLocked|featureVMXON)
	}
	x86.WriteCR0(caps.cr0.apply(x86.ReadCR0()))
	x86.WriteCR4(caps.cr4.apply(x86.ReadCR4() | x86.CR4VMXE))
	if vmxon(c.region) != Succeeded {
		return "VMXON failed: the CPU rejects the region or its control registers"
	}
	c.host.capture()
	c.tags.Start(vpids)
	c.syscall = readSyscall()
	flushAll(&caps)
	return ""
}

// Start has nothing to do: VT-x shares nothing between CPUs.
func Start(exit.GlobalFrames) {}

// regionHeader is the first word of a VMXON region or a VMCS.
func regionHeader(a frame.MAddr) *uint32 {
	return (*uint32)(layout.Pointer(layout.Direct(a)))
}
