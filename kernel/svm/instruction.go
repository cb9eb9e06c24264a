package svm

import (
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// instruction is one that can be intercepted, as far as its bytes matter.
type instruction struct {
	reason  exit.Reason
	length  uint8
	operand exit.GPR   // moves of control and debug registers
	vector  x86.Vector // software interrupts
	soft    exit.SoftKind
}

// explains tells whether this instruction can have exited for the reason. If
// not, the guest has changed its code since, and nothing is to be believed.
// TCG reports INVD as WBINVD and RDTSCP as RDTSC.
func (i *instruction) explains(r exit.Reason) bool {
	switch {
	case i.reason == r:
		return true
	case r == exit.WBINVD:
		return i.reason == exit.INVD
	case r == exit.RDTSC:
		return i.reason == exit.RDTSCP
	}
	return false
}

// oneByte is the instructions without a 0F before the opcode.
var oneByte = [256]exit.Reason{
	0x6c: exit.Port, 0x6d: exit.Port, 0x6e: exit.Port, 0x6f: exit.Port,
	0xcc: exit.SoftwareInterrupt, 0xcd: exit.SoftwareInterrupt, 0xce: exit.SoftwareInterrupt,
	0xe4: exit.Port, 0xe5: exit.Port, 0xe6: exit.Port, 0xe7: exit.Port,
	0xec: exit.Port, 0xed: exit.Port, 0xee: exit.Port, 0xef: exit.Port,
	0xf1: exit.SoftwareInterrupt, 0xf4: exit.HLT,
}

// twoByte is those behind a 0F.
var twoByte = [256]exit.Reason{
	0x08: exit.INVD, 0x09: exit.WBINVD,
	0x20: exit.CRRead, 0x21: exit.DRRead, 0x22: exit.CRWrite, 0x23: exit.DRWrite,
	0x30: exit.MSRWrite, 0x31: exit.RDTSC, 0x32: exit.MSRRead, 0x33: exit.RDPMC, 0xa2: exit.CPUID,
}

// group7 is 0F 01 followed by a byte with both upper bits set, which is then
// part of the opcode.
var group7 = [64]exit.Reason{
	0xc8 - 0xc0: exit.Monitor, 0xc9 - 0xc0: exit.MWait, 0xd1 - 0xc0: exit.XSETBV,
	0xd8 - 0xc0: exit.VirtualInstruction, 0xd9 - 0xc0: exit.Hypercall, 0xda - 0xc0: exit.VirtualInstruction,
	0xdb - 0xc0: exit.VirtualInstruction, 0xdc - 0xc0: exit.VirtualInstruction,
	0xdd - 0xc0: exit.VirtualInstruction, 0xde - 0xc0: exit.VirtualInstruction,
	0xdf - 0xc0: exit.VirtualInstruction, 0xf9 - 0xc0: exit.RDTSCP,
}

// rexB is the bit of a REX prefix that extends the register used here.
const rexB = 1

// parse reads the instruction at the start of b, of which n bytes are valid.
// It knows those that exit and refuses everything else, also what is longer
// than the 15 bytes that processors take.
func parse(b []byte, n int, long bool) (i instruction, ok bool) {
	if n > len(b) {
		n = len(b)
	}
	at := 0
	repeat := false
	var rex byte
prefixes:
	for ; at < n; at++ {
		switch c := b[at]; {
		case c == 0xf3:
			repeat = true
		case c == 0x66 || c == 0x67 || c == 0xf2 || c == 0xf0,
			c == 0x2e || c == 0x36 || c == 0x3e || c == 0x26 || c == 0x64 || c == 0x65:
		case long && c&0xf0 == 0x40:
			rex = c
			continue // it counts only right before the opcode
		default:
			break prefixes
		}
		rex = 0
	}
	if at >= n {
		return i, false
	}
	op := b[at]
	at++
	switch {
	case op == 0x0f:
		at, ok = i.parse0F(b[:n], at, rex)
	case op == 0x90:
		i.reason, ok = exit.Pause, repeat
	default:
		i.reason = oneByte[op]
		ok = i.reason != exit.Unknown
		if hasImmediate(op) {
			if at >= n {
				return i, false
			}
			i.vector = x86.Vector(b[at])
			at++
		}
		switch op {
		case 0xcc:
			i.vector, i.soft = x86.VectorBP, exit.SoftINT3
		case 0xcd:
			i.soft = exit.SoftINT
		case 0xce:
			i.vector, i.soft = x86.VectorOF, exit.SoftINTO
			ok = !long
		case 0xf1:
			i.vector, i.soft = x86.VectorDB, exit.SoftICEBP
		}
	}
	i.length = uint8(at)
	return i, ok
}

// hasImmediate is true for the opcodes of oneByte with a byte behind them.
func hasImmediate(op byte) bool { return op == 0xcd || op >= 0xe4 && op <= 0xe7 }

// parse0F goes on behind a 0F.
func (i *instruction) parse0F(b []byte, at int, rex byte) (end int, ok bool) {
	if at >= len(b) {
		return at, false
	}
	op := b[at]
	at++
	if op != 0x01 {
		i.reason = twoByte[op]
		if op >= 0x20 && op <= 0x23 {
			if at >= len(b) {
				return at, false
			}
			// The upper two bits of the byte are ignored: always a register.
			i.operand = exit.GPR(b[at]&7 | rex&rexB<<3)
			at++
		}
		return at, i.reason != exit.Unknown
	}
	if at >= len(b) {
		return at, false
	}
	modrm := b[at]
	if modrm >= 0xc0 {
		i.reason = group7[modrm-0xc0]
		return at + 1, i.reason != exit.Unknown
	}
	if modrm>>3&7 != 7 {
		return at, false
	}
	i.reason = exit.INVLPG
	return memoryOperand(b, at)
}

// memoryOperand passes over a ModRM byte that names memory, its SIB byte and
// its displacement, with 32- or 64-bit addressing.
func memoryOperand(b []byte, at int) (end int, ok bool) {
	modrm := b[at]
	at++
	mod, rm := modrm>>6, modrm&7
	displacement := 0
	switch {
	case mod == 1:
		displacement = 1
	case mod == 2, mod == 0 && rm == 5:
		displacement = 4
	}
	if rm == 4 {
		if at >= len(b) {
			return at, false
		}
		if mod == 0 && b[at]&7 == 5 {
			displacement = 4
		}
		at++
	}
	at += displacement
	return at, at <= len(b)
}
