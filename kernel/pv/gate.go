package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// What stub.S begins with, as offsets: three hypercall instructions, the first two of
// them each with a SYSRET behind it, for callers that are 64-bit and 32-bit code; the
// third is for page faults. Then an entry for SYSCALL.
const (
	gate64    = 0
	gate32    = 16
	gateFault = 32
	entry64   = 64

	callLength = exit.HypercallLength
)

// Selectors that SYSCALL loads, in the reserved part of the GDT.
const (
	gateCS = 0xe008
	gateSS = 0xe010
)

// syscallMask are the flags that SYSCALL clears: those that the hypervisor's
// own entry would not want.
const syscallMask = x86.FlagTF | x86.FlagIF | x86.FlagDF | x86.FlagIOPL | x86.FlagNT | x86.FlagAC

// syscall is what SYSCALL and SYSRET of a vCPU use. SYSRET adds 16 to the selector of
// 64-bit code, and 8 to that of the stack.
func syscall(v *domain.VCPU) exit.Syscall {
	entry := at(v, codePage)
	s := exit.Syscall{
		Star:   hypercall.FLAT_RING3_CS32<<48 | gateCS<<32,
		LStar:  uint64(entry + gate64),
		CStar:  uint64(entry + gate32),
		SFMask: syscallMask,
	}
	if stub.used {
		s.LStar = uint64(entry + entry64)
	}
	return s
}

// atGate tells whether the vCPU is in the page of the stub: between SYSCALL and SYSRET,
// or wherever else.
func atGate(v *domain.VCPU) bool { return v.Container.CPL() == 0 }

// offset is how far into that page it is.
func offset(v *domain.VCPU) uint64 { return v.Container.RIP() - uint64(at(v, codePage)) }

// inStub tells whether the vCPU is at privilege level 0, and not just behind a hypercall:
// elsewhere nothing may enter the guest's kernel.
func inStub(v *domain.VCPU) bool {
	if !atGate(v) {
		return false
	}
	o := offset(v)
	return o != gate64+callLength && o != gate32+callLength
}

// await is for a vCPU in the stub to which something is to happen. The stub runs with
// interrupts off, and what comes after it with them on; so the processor can tell when
// it has been left.
func await(v *domain.VCPU) { v.Container.SetWindow(true) }

// interrupted is where the guest's code is: of a vCPU at the gate, behind the SYSRET.
func interrupted(v *domain.VCPU) (rip, cs, rflags, rsp, ss uint64) {
	rip, cs, rflags, rsp, ss = v.Container.Interrupted()
	if cs&selectorRPL == 0 {
		r := &v.Container.Regs.GPR
		ss, cs, rflags = hypercall.FLAT_RING3_SS64, hypercall.FLAT_RING3_CS64, userFlags(r[exit.R11])
		if rip-uint64(at(v, codePage)) != gate32+callLength {
			return r[exit.RCX], cs, rflags, rsp, ss
		}
		rip, cs = uint64(uint32(r[exit.RCX])), hypercall.FLAT_RING3_CS32
	}
	return rip, cs, rflags, rsp, ss
}

// leaveGate completes the SYSRET of a vCPU that is at it.
func leaveGate(v *domain.VCPU) {
	c := &v.Container
	if offset(v) == gate32+callLength {
		c.SetRIP(uint64(uint32(c.Regs.GPR[exit.RCX])))
		setFlat(c, exit.CS, hypercall.FLAT_RING3_CS32, code32)
	} else {
		c.SetRIP(c.Regs.GPR[exit.RCX])
		setFlat(c, exit.CS, hypercall.FLAT_RING3_CS64, code64)
	}
	setFlat(c, exit.SS, hypercall.FLAT_RING3_SS64, data)
	c.SetRFLAGS(userFlags(c.Regs.GPR[exit.R11]))
}

// userFlags are flags as a guest may have them: interrupts are on, for they are
// the host's, and the I/O privilege level is the bitmap's affair.
func userFlags(f uint64) uint64 {
	const allowed = x86.FlagCF | x86.FlagPF | x86.FlagAF | x86.FlagZF | x86.FlagSF | x86.FlagTF | x86.FlagDF |
		x86.FlagOF | x86.FlagNT | x86.FlagRF | x86.FlagAC | x86.FlagID
	return f&allowed | x86.FlagIF | x86.FlagOne
}
