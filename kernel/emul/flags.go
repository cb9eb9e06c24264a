package emul

import (
	"math/bits"

	"tuco/kernel/x86"
)

// flagsArithmetic are those that an addition or a comparison sets.
const flagsArithmetic = x86.FlagCF | x86.FlagPF | x86.FlagAF | x86.FlagZF | x86.FlagSF | x86.FlagOF

// arithmetic is a op b on operands of this size, and RFLAGS after it.
//
// The carry out of each bit of a sum is the majority of the two bits and the
// carry in, which shows in the result; borrows likewise. So one formula serves
// with and without a carry in, and all sizes: CF is the carry out of the top
// bit, AF that of bit 3, OF tells that those of the two top bits differ. Logic
// has no carries; its AF, which the manuals leave open, is clear on hardware.
func arithmetic(op Op, a, b uint64, size uint8, flags uint64) (r, after uint64) {
	a, b = a&mask(size), b&mask(size)
	carryIn := uint64(0)
	if (op == ADC || op == SBB) && flags&x86.FlagCF != 0 {
		carryIn = 1
	}
	var carry, overflow uint64 // a bit for each bit
	switch op {
	case ADD, ADC:
		r = a + b + carryIn
		carry = a&b | (a|b)&^r
		overflow = (a ^ r) & (b ^ r)
	case SUB, SBB:
		r = a - b - carryIn
		carry = ^a&b | (^a|b)&r
		overflow = (a ^ b) & (a ^ r)
	case AND:
		r = a & b
	case OR:
		r = a | b
	case XOR:
		r = a ^ b
	}
	r &= mask(size)
	top := (8*(size&15) - 1) & 63
	after = flags &^ flagsArithmetic
	after |= (carry >> top & 1) * x86.FlagCF
	after |= (carry >> 3 & 1) * x86.FlagAF
	after |= (overflow >> top & 1) * x86.FlagOF
	after |= (r >> top & 1) * x86.FlagSF
	if r == 0 {
		after |= x86.FlagZF
	}
	if bits.OnesCount8(uint8(r))&1 == 0 {
		after |= x86.FlagPF
	}
	return r, after
}
