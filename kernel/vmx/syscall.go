package vmx

import "tuco/kernel/x86"

// syscallState is the registers behind SYSCALL and SWAPGS. VT-x does not
// switch them and the hypervisor itself uses none of them, so a guest's stay
// in the CPU from Load to Unload: an exit costs nothing for them.
type syscallState struct {
	star, lstar, cstar, sfmask uint64
	kernelGS                   uint64 // SWAPGS changes it with no exit
}

func (s *syscallState) load() {
	x86.WRMSR(x86.MSRSTAR, s.star)
	x86.WRMSR(x86.MSRLSTAR, s.lstar)
	x86.WRMSR(x86.MSRCSTAR, s.cstar)
	x86.WRMSR(x86.MSRSFMASK, s.sfmask)
	x86.WRMSR(x86.MSRKernelGSBase, s.kernelGS)
}

// save keeps the one that the guest can change by itself: WRMSR exits.
func (s *syscallState) save() { s.kernelGS = x86.RDMSR(x86.MSRKernelGSBase) }
