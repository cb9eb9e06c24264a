package emul

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// A string instruction takes its operands from [RSI], in a segment of choice,
// and [RDI], moves these along, and with a repeat prefix counts RCX down.
// Interrupts are taken between iterations, so to do one and return to the same
// instruction is what a processor may do at any time; it is also what keeps a
// count of 2^64-1 from keeping us.

// source is the address that RSI holds.
func (i *Instruction) source(s *State) frame.VAddr {
	return s.linear(s.GPR[exit.RSI], i.Short, i.Memory.Segment)
}

// destination is the address that RDI holds; no prefix gives it another segment.
func (i *Instruction) destination(s *State) frame.VAddr {
	return s.linear(s.GPR[exit.RDI], i.Short, exit.ES)
}

// exhausted tells whether a repetition has nothing left to do.
func (i *Instruction) exhausted(s *State) bool {
	return i.Repeat && wrap(s.GPR[exit.RCX], i.Short) == 0
}

// move adds to a register of a string instruction, at the address size: 32
// bits clear the upper half.
func (i *Instruction) move(s *State, r exit.GPR, by uint64) {
	s.GPR[r&15] = wrap(s.GPR[r&15]+by, i.Short)
}

// advance ends one iteration.
func (i *Instruction) advance(s *State) Result {
	by := uint64(i.Size)
	if s.Flags&x86.FlagDF != 0 {
		by = -by
	}
	if i.Op == OUTS || i.Op == MOVS {
		i.move(s, exit.RSI, by)
	}
	if i.Op != OUTS {
		i.move(s, exit.RDI, by)
	}
	if !i.Repeat {
		return s.finish(i)
	}
	i.move(s, exit.RCX, ^uint64(0))
	if i.exhausted(s) {
		return s.finish(i)
	}
	trap := s.Flags&x86.FlagTF != 0
	s.Flags |= x86.FlagRF // an instruction breakpoint here has been taken
	return Result{Verdict: Done, Step: trap}
}
