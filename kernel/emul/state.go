package emul

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// State is what instructions see of a vCPU, as of the fault: RIP at the
// instruction, RSP in its slot. A result other than Done or Raise leaves it
// as it was.
type State struct {
	GPR   [exit.GPRs]uint64
	RIP   uint64
	Flags uint64 // RFLAGS

	// The bases as the processor has them. No descriptor is ever read for an
	// address: in 64-bit mode only these two segments have a base.
	FSBase, GSBase uint64

	// Long: the code segment is a 64-bit one. Nothing is emulated without.
	Long bool
}

// signExtend extends the sign of a number of 1, 2, 4 or 8 bytes.
func signExtend(v uint64, size uint8) uint64 {
	n := 64 - 8*(size&15)
	return uint64(int64(v<<(n&63)) >> (n & 63))
}

// mask has the bits of an operand of 1, 2, 4 or 8 bytes.
func mask(size uint8) uint64 { return ^uint64(0) >> ((64 - 8*(size&15)) & 63) }

// register is the operand in a general register; high is for AH to BH.
func (s *State) register(r exit.GPR, high bool, size uint8) uint64 {
	v := s.GPR[r&15]
	if high {
		v >>= 8
	}
	return v & mask(size)
}

// setRegister writes an operand to a general register: 4 bytes clear the upper
// half, 1 and 2 leave the rest.
func (s *State) setRegister(r exit.GPR, high bool, size uint8, v uint64) {
	p := &s.GPR[r&15]
	switch {
	case size >= 4:
		*p = v & mask(size)
	case high:
		*p = *p&^0xff00 | v&0xff<<8
	default:
		*p = *p&^mask(size) | v&mask(size)
	}
}

// setPair writes a 64-bit value to EDX:EAX.
func (s *State) setPair(v uint64) {
	s.GPR[exit.RAX] = uint64(uint32(v))
	s.GPR[exit.RDX] = v >> 32
}

// pair is EDX:EAX.
func (s *State) pair() uint64 { return s.GPR[exit.RDX]<<32 | uint64(uint32(s.GPR[exit.RAX])) }

// wrap cuts an offset or a count to the address size.
func wrap(v uint64, short bool) uint64 {
	if short {
		return uint64(uint32(v))
	}
	return v
}

// linear turns an offset in a segment into a linear address.
func (s *State) linear(a uint64, short bool, seg exit.SegmentRegister) frame.VAddr {
	a = wrap(a, short)
	switch seg {
	case exit.FS:
		a += s.FSBase
	case exit.GS:
		a += s.GSBase
	}
	return frame.VAddr(a)
}

// usable tells whether all bytes of an operand have canonical addresses, and
// the operand does not wrap around.
func usable(a frame.VAddr, size uint8) bool {
	last := a + frame.VAddr(size-1)
	return last >= a && a.Canonical() && last.Canonical()
}

// finish ends an instruction: RIP moves on, RF is cleared. A RIP that leaves
// the canonical range that way is not for the processor to run: it gets the
// exception that the next fetch would.
func (s *State) finish(i *Instruction) Result {
	trap := s.Flags&x86.FlagTF != 0
	s.RIP += uint64(i.Length)
	s.Flags &^= x86.FlagRF
	if !frame.VAddr(s.RIP).Canonical() {
		return raise(x86.VectorGP)
	}
	return Result{Verdict: Done, Step: trap, Shadow: i.Op == STI}
}
