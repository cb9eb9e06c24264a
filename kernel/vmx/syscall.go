package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// The registers behind SYSCALL and SWAPGS are not switched by VT-x. The
// hypervisor uses none of them: it makes no system calls, and what the Go
// runtime would make them for (it reports panics that way) is replaced when the
// image is built, which a check of the build ensures. So a guest's stay in the
// CPU from its Load to the next guest's, and an exit costs nothing for them.

// loadSyscall puts the registers into the CPU, as far as others are there.
func (c *CPU) loadSyscall(s *exit.Syscall) {
	load(x86.MSRSTAR, &c.syscall.Star, s.Star)
	load(x86.MSRLSTAR, &c.syscall.LStar, s.LStar)
	load(x86.MSRCSTAR, &c.syscall.CStar, s.CStar)
	load(x86.MSRSFMASK, &c.syscall.SFMask, s.SFMask)
}

func load(m x86.MSR, has *uint64, want uint64) {
	if *has != want {
		*has = want
		x86.WRMSR(m, want)
	}
}

// readSyscall finds out what the CPU has in the registers.
func readSyscall() exit.Syscall {
	return exit.Syscall{
		Star: x86.RDMSR(x86.MSRSTAR), LStar: x86.RDMSR(x86.MSRLSTAR),
		CStar: x86.RDMSR(x86.MSRCSTAR), SFMask: x86.RDMSR(x86.MSRSFMASK),
	}
}

// KernelGS is what SWAPGS exchanges with the base of GS.
func (g *Guest) KernelGS() uint64 { return x86.RDMSR(x86.MSRKernelGSBase) }

// SetKernelGS sets it to an address that is canonical.
func (g *Guest) SetKernelGS(v uint64) { x86.WRMSR(x86.MSRKernelGSBase, v) }

// SwapGS exchanges it with the base of GS.
func (g *Guest) SwapGS() {
	const base = GuestBase + 2*Field(exit.GS)
	gs := get(base)
	put(base, g.KernelGS())
	g.SetKernelGS(gs)
}

// SetSyscall sets the registers behind SYSCALL.
func (g *Guest) SetSyscall(s exit.Syscall) {
	g.syscall = s
	g.cpu.loadSyscall(&s)
}
