package reach

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// Registers is a set of vector registers: bit n is XMMn, for n of 0 to 15.
type Registers uint32

// X87 stands for all x87 and MMX registers, which are the same in hardware.
const X87 Registers = 1 << 16

func registerOf(r x86asm.Reg) Registers {
	switch {
	case x86asm.X0 <= r && r <= x86asm.X15:
		return 1 << (r - x86asm.X0)
	case x86asm.M0 <= r && r <= x86asm.M7, x86asm.F0 <= r && r <= x86asm.F7:
		return X87
	}
	return 0
}

// each calls f for each single register of the set.
func (s Registers) each(f func(Registers)) {
	for ; s != 0; s &= s - 1 {
		f(1 << bits.TrailingZeros32(uint32(s)))
	}
}

// String spells the set as ParseRegisters reads it: "X0-X3,X15", or "none".
func (s Registers) String() string {
	if s == 0 {
		return "none"
	}
	var out []string
	for n := 0; n < 16; n++ {
		if s&(1<<n) == 0 {
			continue
		}
		last := n
		for last < 15 && s&(2<<last) != 0 {
			last++
		}
		if last == n {
			out = append(out, fmt.Sprintf("X%d", n))
		} else {
			out = append(out, fmt.Sprintf("X%d-X%d", n, last))
		}
		n = last
	}
	if s&X87 != 0 {
		out = append(out, "x87")
	}
	return strings.Join(out, ",")
}

// ParseRegisters reads a list such as "X0-X3,X15"; "none" is the empty set.
func ParseRegisters(list string) (Registers, error) {
	var set Registers
	if list == "none" {
		return 0, nil
	}
	for item := range strings.SplitSeq(list, ",") {
		if item == "x87" {
			set |= X87
			continue
		}
		first, last, isRange := strings.Cut(item, "-")
		if !isRange {
			last = first
		}
		lo, err1 := parseRegister(first)
		hi, err2 := parseRegister(last)
		if err1 != nil || err2 != nil || lo > hi {
			return 0, fmt.Errorf("%q is not a list of vector registers such as X0-X3,X15", list)
		}
		for n := lo; n <= hi; n++ {
			set |= 1 << n
		}
	}
	return set, nil
}

func parseRegister(name string) (uint64, error) {
	digits, ok := strings.CutPrefix(name, "X")
	n, err := strconv.ParseUint(digits, 10, 8)
	if !ok || err != nil || n > 15 {
		return 0, fmt.Errorf("%q is not one of X0 to X15", name)
	}
	return n, nil
}
