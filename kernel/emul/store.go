package emul

import "tuco/kernel/exit"

// Store is the instruction by which kernels write most page-table entries: MOV of a 64-bit
// register to where another one points, with or without a displacement, and with no prefix
// but the one that says 64 bits.
type Store struct {
	Base, Register exit.GPR // neither is RSP
	Displacement   uint64
	Length         uint8
}

// DecodeStore is Decode for that one instruction, from its first 8 bytes, the first of
// which is the lowest. False says nothing: then ask Decode.
func DecodeStore(code uint64) (s Store, ok bool) {
	const (
		rexW, rexR, rexB = 0x48, 4, 1
		movStore         = 0x89
		displacement     = 24 // the first bit behind prefix, opcode and ModRM
	)
	rex, modRM := code&0xff, code>>16&0xff
	if rex&^(rexR|rexB) != rexW || code>>8&0xff != movStore {
		return s, false
	}
	mod, rm := modRM>>6, modRM&7
	switch {
	case rm == 4 || mod == 0 && rm == 5: // SIB; relative to RIP
		return s, false
	case mod == 0:
		s.Length = 3
	case mod == 1:
		s.Length = 4
		s.Displacement = uint64(int64(code<<(56-displacement)) >> 56)
	case mod == 2:
		s.Length = 7
		s.Displacement = uint64(int64(code<<(32-displacement)) >> 32)
	default: // to a register
		return s, false
	}
	s.Base = exit.GPR(rm | rex&rexB<<3)
	s.Register = exit.GPR(modRM>>3&7 | rex&rexR<<1)
	return s, s.Register != exit.RSP
}
