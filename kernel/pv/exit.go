package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/emul"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
	"tuco/kernel/x86"
)

// onExit serves an exit that is neither the host's affair nor an exception, a software
// interrupt or a hypercall.
func onExit(v *domain.VCPU) {
	i := &v.Info
	switch i.Reason {
	case exit.CPUID:
		if v.Container.Segment(exit.CS).Attr&exit.SegmentLong != 0 {
			privileged(v)
		} else {
			cpuid32(v)
		}
	case exit.RDTSC, exit.RDTSCP, exit.HLT, exit.MSRRead, exit.MSRWrite, exit.Port, exit.INVD, exit.WBINVD,
		exit.CRRead, exit.CRWrite, exit.DRRead, exit.DRWrite, exit.XSETBV, exit.INVLPG, exit.RDPMC:
		// The processor says that it is this instruction, and would have let it at
		// CPL 3 or not: what counts is what the guest may.
		privileged(v)
	case exit.Monitor, exit.MWait, exit.VirtualInstruction, exit.INVPCID, exit.RSM, exit.Pause, exit.RDPRU:
		undefined(v)
	case exit.Window:
		v.Container.SetWindow(false) // the stub has been left: see await
	case exit.DescriptorTable, exit.IRET, exit.Flags:
		bounce(v, x86.VectorGP, 0)
	case exit.Shutdown:
		Crash(v, "triple fault")
	default:
		Crash(v, i.Reason.String())
	}
}

// broken is a guest that can't be entered, or was left for no reason that has a
// name.
func broken(v *domain.VCPU) { Crash(v, v.Info.Reason.String()) }

// exception serves an exception that the guest has raised.
func exception(v *domain.VCPU) {
	vector, code, linear := v.Container.Exception()
	if vector != x86.VectorPF {
		linear = 0
	}
	if !vector.HasErrorCode() {
		code = 0
	}
	i := &v.Info
	i.Reason, i.Vector, i.ErrorCode, i.Linear = exit.Exception, vector, code, linear
	if atGate(v) {
		atGateException(v, vector)
		return
	}
	switch vector {
	case x86.VectorPF:
		pageFault(v, linear, code)
	case x86.VectorGP:
		protection(v, code)
	case x86.VectorUD:
		undefined(v)
	case x86.VectorNM:
		deviceNotAvailable(v)
	case x86.VectorDB:
		debug(v)
	case x86.VectorDF, x86.VectorMC:
		Crash(v, vector.String())
	default:
		bounce(v, vector, code)
	}
}

// atGateException serves what happens at privilege level 0. Some processors make the
// trap of a single step there, which comes after SYSRET again, and the stub may step on a
// breakpoint of its guest's; SYSRET refuses an address that is not canonical; and an
// address that the stub has from the guest need be no good one.
func atGateException(v *domain.VCPU, vector x86.Vector) {
	switch {
	case vector == x86.VectorDB:
	case inStub(v) && (vector == x86.VectorGP || vector == x86.VectorNP || vector == x86.VectorSS) && undo(v, offset(v)):
	case vector == x86.VectorGP:
		leaveGate(v)
		bounce(v, x86.VectorGP, 0)
	default:
		Crash(v, vector.String())
	}
}

// software serves an instruction whose purpose is an interrupt. For most the first
// bytes are enough, with which a processor that does not tell has to be helped anyway.
func software(v *domain.VCPU) {
	const int3, intN = 0xcc, 0xcd
	i := &v.Info
	i.Reason, i.ErrorCode, i.Linear = exit.SoftwareInterrupt, 0, 0
	if c, ok := peek(v); ok {
		switch uint8(c) {
		case int3:
			softwareInterrupt(v, x86.VectorBP, 1)
			return
		case intN:
			softwareInterrupt(v, x86.Vector(c>>8), 2)
			return
		}
	}
	v.Container.Decode(&v.Info, func(rip uint64) exit.Code { return code(v, rip) })
	described(v)
}

// described serves it by what is known of the exit.
func described(v *domain.VCPU) {
	i := &v.Info
	if i.Length == 0 {
		refetch(v)
		return
	}
	if i.Soft == exit.SoftICEBP {
		// A trap of the processor's, which no privilege level keeps from it.
		v.Container.Skip(i.Length)
		debug(v)
		return
	}
	softwareInterrupt(v, i.Vector, i.Length)
}

// refetch has the guest execute what stands at its RIP now: that is no longer the
// instruction which exited. Another vCPU has changed the code meanwhile, as kernels do
// with an INT3 over what they patch.
//
// QEMU keeps a translation that it made while another CPU was writing the code, and the
// guest would exit for an INT3 that is gone for ever. It drops what it has of a place that
// is written to, so the code is written over itself.
func refetch(v *domain.VCPU) {
	memory := view(v)
	const word = 8
	if code, _, ok := memory.Word(codeAt(v, v.Container.RIP())&^(word-1), false); ok {
		code.Or(0)
	}
}

// undefined serves an instruction that the processor does not know: CPUID
// behind the prefix that asks for our answer, or one that is undefined.
//
// To tell, more of the code is read than the processor has: as on Xen, code that
// ends before it can be told gets a page fault.
func undefined(v *domain.VCPU) {
	const prefix, whole = len(hypercall.XEN_EMULATE_PREFIX), len(hypercall.XEN_EMULATE_PREFIX) + 2
	if c, ok := peek(v); ok {
		switch {
		case c&(1<<(8*prefix)-1) != forced:
			bounce(v, x86.VectorUD, 0)
			return
		case c>>(8*prefix)&0xffff == cpuidCode:
			answerCPUID(v)
			v.Container.Skip(uint8(whole))
			executed(v)
			return
		}
	}
	rip := v.Container.RIP()
	c := code(v, rip)
	n := int(c.N)
	isForced := n >= prefix && string(c.Bytes[:prefix]) == hypercall.XEN_EMULATE_PREFIX
	if n < prefix || isForced && n < whole {
		bouncePageFault(v, codeAt(v, rip)+frame.VAddr(n), 0)
		return
	}
	if isForced {
		if i, ok := emul.Decode(c); ok && execute(v, &i) {
			return
		}
	}
	bounce(v, x86.VectorUD, 0)
}

// The bytes of the prefix, and of CPUID.
const (
	forced    = 'n'<<32 | 'e'<<24 | 'x'<<16 | 0x0b<<8 | 0x0f
	cpuidCode = 0xa2<<8 | 0x0f
)

// peek is the first eight bytes of the guest's instruction, and what follows it. False: it is no
// ordinary 64-bit code, or is at the end of a page.
func peek(v *domain.VCPU) (uint64, bool) {
	rip, cs, _, _, _ := v.Container.Interrupted()
	if cs != hypercall.FLAT_RING3_CS64 {
		return 0, false
	}
	memory := view(v)
	return memory.PeekCode(frame.VAddr(rip))
}

// deviceNotAvailable is the use of the FPU with CR0.TS set, which is cleared
// on the way, as the ABI has it.
func deviceNotAvailable(v *domain.VCPU) {
	SetTS(v, false)
	bounce(v, x86.VectorNM, 0)
}

// SetTS sets or clears CR0.TS.
func SetTS(v *domain.VCPU, set bool) {
	c := &v.Container
	switch now := c.CR(0); {
	case set == (now&x86.CR0TS != 0):
	case set:
		c.SetCR(0, now|x86.CR0TS)
	default:
		c.SetCR(0, now&^x86.CR0TS)
	}
}

// debug is a breakpoint or a single step.
func debug(v *domain.VCPU) { bounce(v, x86.VectorDB, 0) }

// protection is a general protection fault.
func protection(v *domain.VCPU, code uint32) {
	if code == 0 && (v.PV.Stub.Kernel && reads(v) || emulate(v)) {
		return
	}
	bounce(v, x86.VectorGP, code)
}

// reads executes the guest's instruction if it is one of the two that kernels execute most of those that
// are emulated, in its plain form: RDMSR, or a MOV from a control register to one of the eight
// old registers. False: it is another, or the guest may not have it; package emul will tell.
func reads(v *domain.VCPU) bool {
	const rdmsr, fromCR = 0x32<<8 | 0x0f, 0x20<<8 | 0x0f
	c, ok := peek(v)
	if !ok {
		return false
	}
	r := &v.Container.Regs.GPR
	switch c & 0xffff {
	case rdmsr:
		value, ok := readMSR(v, x86.MSR(r[exit.RCX]))
		if !ok {
			return false
		}
		r[exit.RAX], r[exit.RDX] = uint64(uint32(value)), value>>32
		v.Container.Skip(2)
	case fromCR:
		value, ok := getCR(v, uint32(c>>19&7))
		if !ok {
			return false
		}
		v.Container.SetGPR(exit.GPR(c>>16&7), value)
		v.Container.Skip(3)
	default:
		return false
	}
	executed(v)
	return true
}

// inWindow tells whether an address is in the vCPU's part of the reserved area,
// and on which page.
func inWindow(v *domain.VCPU, a frame.VAddr) (page int, ok bool) {
	d := a - v.PV.Area
	return int(d >> frame.PageShift), d < domain.AreaPages*frame.PageSize
}

// pageFault serves a page fault.
func pageFault(v *domain.VCPU, at frame.VAddr, code uint32) {
	if code&(x86.PFUser|x86.PFPresent|x86.PFReserved) != x86.PFUser && unusual(v, at, code) {
		return
	}
	bouncePageFault(v, at, code)
}

// unusual serves a page fault that need not be the guest's affair: not all are that are
// made by the processor itself, or where there is a translation. False: it is the guest's.
//
// Where there was none no processor can have remembered that.
func unusual(v *domain.VCPU, at frame.VAddr, code uint32) bool {
	if code&(x86.PFUser|x86.PFReserved) == 0 {
		// The processor's own access, to a descriptor.
		if page, ok := inWindow(v, at); ok {
			descriptorFault(v, page, at, code)
			return true
		}
	}
	if code&x86.PFPresent == 0 {
		return false
	}
	if code&(x86.PFWrite|x86.PFFetch) == x86.PFWrite && v.PV.Stub.Kernel && tableWrite(v, at) {
		return true
	}
	memory := view(v)
	if !memory.Allows(at, code) {
		return false
	}
	v.FlushPage(at) // the translation was from before the entry changed
	return true
}

// descriptorFault is a page of the GDT or LDT that is not there (yet).
func descriptorFault(v *domain.VCPU, page int, at frame.VAddr, code uint32) {
	p := &v.PV
	if page < ldtPage {
		bounce(v, x86.VectorGP, uint32(at-p.Area)&0xfff8)
		return
	}
	if n := page - ldtPage; n < domain.LDTPages && uint32(n)<<9 < p.LDTEntries {
		if r := mapLDT(v, n); r == pagetype.OK || r == pagetype.Again {
			return // the guest executes its instruction again
		}
	}
	bouncePageFault(v, p.LDTBase+(at-p.Area-ldtPage*frame.PageSize), code)
}
