package emul

import (
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// Execute begins a privileged instruction: Wanted with an Effect, after which
// Complete ends it; Done where there is nothing to do; Raise where the mode
// does not allow it or memory refuses. It changes the state only if Done.
func Execute(i *Instruction, s *State, p Policy, g Guest) Result {
	if !s.Long || i.Op == Invalid || i.Op >= Ops || i.Op.writesMemory() {
		return Result{}
	}
	if !p.allows(i.Op) {
		return raise(x86.VectorGP)
	}
	switch i.Op {
	case IN, OUT, INS, OUTS:
		return i.port(s, p, g)
	case INVLPG:
		a := i.Address(s)
		if !a.Canonical() {
			return s.finish(i) // no such page: to the processor a NOP
		}
		return want(Effect{Action: FlushPage, Address: a})
	}
	return want(i.effect(s))
}

func want(e Effect) Result { return Result{Verdict: Wanted, Effect: e} }

// effect is what instructions ask for that touch registers alone.
func (i *Instruction) effect(s *State) Effect {
	ecx := uint32(s.GPR[exit.RCX])
	switch i.Op {
	case ReadCR:
		return Effect{Action: GetCR, Number: uint32(i.Reg)}
	case WriteCR:
		return Effect{Action: SetCR, Number: uint32(i.Reg), Value: s.GPR[i.Other&15]}
	case ReadDR:
		return Effect{Action: GetDR, Number: uint32(i.Reg)}
	case WriteDR:
		return Effect{Action: SetDR, Number: uint32(i.Reg), Value: s.GPR[i.Other&15]}
	case CLTS:
		return Effect{Action: ClearTS}
	case INVD, WBINVD: // what INVD would lose may be another's
		return Effect{Action: FlushCaches}
	case RDMSR:
		return Effect{Action: GetMSR, Number: ecx}
	case WRMSR:
		return Effect{Action: SetMSR, Number: ecx, Value: s.pair()}
	case RDTSC, RDTSCP:
		return Effect{Action: GetTSC}
	case RDPMC:
		return Effect{Action: GetPMC, Number: ecx}
	case XGETBV:
		return Effect{Action: GetXCR, Number: ecx}
	case XSETBV:
		return Effect{Action: SetXCR, Number: ecx, Value: s.pair()}
	case CPUID:
		return Effect{Action: GetCPUID, Number: uint32(s.GPR[exit.RAX]), Value: uint64(ecx)}
	case HLT:
		return Effect{Action: Halt}
	case CLI:
		return Effect{Action: MaskEvents}
	case STI:
		return Effect{Action: UnmaskEvents}
	}
	return Effect{}
}

// ports is how many there are. An access past the last gets #GP, so that no
// policy has to think of it.
const ports = 1 << 16

// port begins a port access. The memory of a string access is tried before
// anything happens: a device may not be read twice.
func (i *Instruction) port(s *State, p Policy, g Guest) Result {
	number := uint16(s.GPR[exit.RDX])
	if i.HasImmediate {
		number = uint16(uint8(i.Immediate))
	}
	if uint32(number)+uint32(i.Size) > ports || !p.IO && !g.PortAllowed(number, i.Size) {
		return raise(x86.VectorGP)
	}
	if i.exhausted(s) {
		return s.finish(i)
	}
	e := Effect{Action: PortIn, Number: uint32(number), Size: i.Size}
	switch i.Op {
	case OUT:
		e.Action = PortOut
		e.Value = s.register(exit.RAX, false, i.Size)
	case OUTS:
		a := i.source(s)
		if !usable(a, i.Size) {
			return raise(x86.VectorGP)
		}
		v, fault, ok := g.Load(a, i.Size)
		if !ok {
			return Result{Verdict: Raise, Exception: fault}
		}
		e.Action = PortOut
		e.Value = v & mask(i.Size)
	case INS:
		a := i.destination(s)
		if !usable(a, i.Size) {
			return raise(x86.VectorGP)
		}
		if fault, ok := g.Writable(a, i.Size); !ok {
			return Result{Verdict: Raise, Exception: fault}
		}
	}
	return want(e)
}

// Complete ends an instruction whose Effect has been carried out, on the state
// that Execute saw. It is Done, or Raise: of a page fault where INS finds its
// memory gone since Execute looked (what the device said is then lost), and of
// #GP behind an instruction at the last canonical address.
func Complete(i *Instruction, s *State, a Answer, g Guest) Result {
	switch i.Op {
	case ReadCR, ReadDR:
		s.GPR[i.Other&15] = a.Value
	case RDMSR, RDTSC, RDPMC, XGETBV:
		s.setPair(a.Value)
	case RDTSCP:
		s.setPair(a.Value)
		s.GPR[exit.RCX] = uint64(a.Aux)
	case CPUID:
		s.GPR[exit.RAX] = uint64(a.CPUID[0])
		s.GPR[exit.RBX] = uint64(a.CPUID[1])
		s.GPR[exit.RCX] = uint64(a.CPUID[2])
		s.GPR[exit.RDX] = uint64(a.CPUID[3])
	case IN:
		s.setRegister(exit.RAX, false, i.Size, a.Value)
	case INS:
		if fault, ok := g.Store(i.destination(s), i.Size, a.Value&mask(i.Size)); !ok {
			return Result{Verdict: Raise, Exception: fault}
		}
		return i.advance(s)
	case OUTS:
		return i.advance(s)
	}
	return s.finish(i)
}
