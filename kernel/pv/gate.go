package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// The gate's page: an entry for SYSCALL by 64-bit code, one for 32-bit code.
const (
	gate64 = area + gatePage*frame.PageSize
	gate32 = gate64 + 16

	callLength = exit.HypercallLength

	// noGate is no address at all, so that no hypercall counts as one.
	noGate = 1 << 63
)

func writeGate(page []byte) {
	for i := range page {
		page[i] = 0xcc // INT3
	}
	call := vendorCall()
	copy(page, call[:])
	copy(page[3:], "\x48\x0f\x07") // SYSRET to 64-bit code
	copy(page[16:], call[:])
	copy(page[19:], "\x0f\x07") // SYSRET to 32-bit code
}

// Selectors that SYSCALL loads, in the reserved part of the GDT.
const (
	gateCS = 0xe008
	gateSS = 0xe010
)

// syscallMask are the flags that SYSCALL clears: those that the hypervisor's
// own entry would not want.
const syscallMask = x86.FlagTF | x86.FlagIF | x86.FlagDF | x86.FlagIOPL | x86.FlagNT | x86.FlagAC

// syscall is what SYSCALL and SYSRET use. SYSRET adds 16 to the selector of 64-bit
// code, and 8 to that of the stack.
var syscall = exit.Syscall{
	Star:   hypercall.FLAT_RING3_CS32<<48 | gateCS<<32,
	LStar:  uint64(gate64),
	CStar:  uint64(gate32),
	SFMask: syscallMask,
}

// atGate tells whether the vCPU is between SYSCALL and SYSRET.
func atGate(v *domain.VCPU) bool { return v.Container.CPL() == 0 }

// beforeCall tells whether a vCPU at the gate has yet to leave by it. Nothing
// may enter the kernel then: the call comes first.
func beforeCall(v *domain.VCPU) bool {
	rip := frame.VAddr(v.Container.RIP())
	return rip == gate64 || rip == gate32
}

// leaveGate completes the SYSRET of a vCPU at the gate.
func leaveGate(v *domain.VCPU) {
	c := &v.Container
	if frame.VAddr(c.RIP()) >= gate32 {
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
	return f&allowed | x86.FlagIF
}
