package emul

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
)

// Instruction is a decoded instruction.
type Instruction struct {
	Op     Op
	Length uint8 // in bytes, 1 to 15
	Size   uint8 // of the operand in bytes: 1, 2, 4 or 8
	Lock   bool
	Repeat bool // a string instruction with a repeat prefix
	Short  bool // addresses, and the count of a repetition, have 32 bits
	Forced bool // CPUID behind the forced-emulation prefix

	// The register operand: a general register, or the number of a control or
	// debug register. High is set for AH, CH, DH and BH, with RAX to RBX here.
	Reg  exit.GPR
	High bool

	// Other is the general register in a move of a control or debug register.
	Other exit.GPR

	// HasImmediate: an immediate stands in place of the register operand (for
	// ports, of DX). It is sign-extended to 64 bits.
	HasImmediate bool
	Immediate    uint64

	Memory Operand
}

// Operand is how an address in memory is computed. The zero value is that of
// instructions which name none.
type Operand struct {
	Valid        bool
	HasBase      bool
	HasIndex     bool
	Relative     bool // to the RIP behind the instruction
	Base, Index  exit.GPR
	Shift        uint8 // of the index: 0 to 3
	Displacement uint64
	Segment      exit.SegmentRegister // FS or GS if one is named, which gives its base; else DS
}

// Address is the linear address of the memory operand. It need not be canonical.
//
// The sum wraps at the address size; then the segment's base is added, and
// that sum wraps at 64 bits. The register of a bit instruction counts bits
// from the address, which it moves, both ways, before the first wrap.
func (i *Instruction) Address(s *State) frame.VAddr {
	m := &i.Memory
	a := m.Displacement
	if m.HasBase {
		a += s.GPR[m.Base&15]
	}
	if m.HasIndex {
		a += s.GPR[m.Index&15] << (m.Shift & 3)
	}
	if m.Relative {
		a += s.RIP + uint64(i.Length)
	}
	if i.Op.testsBit() && !i.HasImmediate {
		a += i.bitDisplacement(s)
	}
	return s.linear(a, i.Short, m.Segment)
}

// bitDisplacement is how far a bit number, which is signed, reaches from the
// operand's address, in bytes: a multiple of the operand size.
func (i *Instruction) bitDisplacement(s *State) uint64 {
	bit := int64(signExtend(s.register(i.Reg, false, i.Size), i.Size))
	return uint64(bit>>3) &^ uint64(i.Size-1)
}
