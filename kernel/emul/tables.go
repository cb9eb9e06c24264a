package emul

// form is how an opcode is encoded, and what it does.
type form struct {
	op    Op
	which uint8 // of a group: its row in groups
	shape shape
}

// shape is what follows an opcode and how its operands are sized.
type shape uint16

const (
	modRM    shape = 1 << iota // a ModRM byte, with SIB byte and displacement
	memory                     // ... which has to name memory
	register                   // ... which names a register, whatever its upper two bits say
	oneByte                    // operands of one byte
	atMost4                    // of 2 or 4 bytes; REX.W gives 4
	always8                    // of 8 bytes, REX.W or not
	imm8                       // an immediate byte, sign-extended
	immZ                       // an immediate of 2 or 4 bytes, by operand size, sign-extended
	offset                     // an address of 8 or 4 bytes, by address size
	lockable                   // LOCK is allowed
	extended                   // ModRM's middle field is opcode, not a register
	noPrefix                   // 66, F2 and F3 would make another instruction of it
)

const (
	writeReg = modRM | memory             // op m, r
	lockReg  = writeReg | lockable        // op m, r with LOCK
	writeImm = modRM | memory | immZ      // op m, imm
	lockBit  = writeReg | lockable | imm8 // op m, imm8 with LOCK
)

// oneByteMap holds the opcodes of one byte.
var oneByteMap = [256]form{
	0x00: {op: ADD, shape: lockReg | oneByte}, 0x01: {op: ADD, shape: lockReg},
	0x08: {op: OR, shape: lockReg | oneByte}, 0x09: {op: OR, shape: lockReg},
	0x10: {op: ADC, shape: lockReg | oneByte}, 0x11: {op: ADC, shape: lockReg},
	0x18: {op: SBB, shape: lockReg | oneByte}, 0x19: {op: SBB, shape: lockReg},
	0x20: {op: AND, shape: lockReg | oneByte}, 0x21: {op: AND, shape: lockReg},
	0x28: {op: SUB, shape: lockReg | oneByte}, 0x29: {op: SUB, shape: lockReg},
	0x30: {op: XOR, shape: lockReg | oneByte}, 0x31: {op: XOR, shape: lockReg},

	0x6c: {op: INS, shape: oneByte}, 0x6d: {op: INS, shape: atMost4},
	0x6e: {op: OUTS, shape: oneByte}, 0x6f: {op: OUTS, shape: atMost4},

	0x80: {op: group, which: group1, shape: modRM | memory | oneByte | imm8},
	0x81: {op: group, which: group1, shape: modRM | memory | immZ},
	0x83: {op: group, which: group1, shape: modRM | memory | imm8},

	0x86: {op: XCHG, shape: lockReg | oneByte}, 0x87: {op: XCHG, shape: lockReg},
	0x88: {op: MOV, shape: writeReg | oneByte}, 0x89: {op: MOV, shape: writeReg},
	0xa2: {op: MOV, shape: offset | oneByte}, 0xa3: {op: MOV, shape: offset},
	0xa4: {op: MOVS, shape: oneByte}, 0xa5: {op: MOVS},
	0xaa: {op: STOS, shape: oneByte}, 0xab: {op: STOS},
	0xc6: {op: group, which: group11, shape: writeImm&^immZ | imm8 | oneByte},
	0xc7: {op: group, which: group11, shape: writeImm},

	0xe4: {op: IN, shape: oneByte | imm8}, 0xe5: {op: IN, shape: atMost4 | imm8},
	0xe6: {op: OUT, shape: oneByte | imm8}, 0xe7: {op: OUT, shape: atMost4 | imm8},
	0xec: {op: IN, shape: oneByte}, 0xed: {op: IN, shape: atMost4},
	0xee: {op: OUT, shape: oneByte}, 0xef: {op: OUT, shape: atMost4},

	0xf4: {op: HLT}, 0xfa: {op: CLI}, 0xfb: {op: STI},
}

// twoByteMap holds the opcodes behind a 0F.
var twoByteMap = [256]form{
	0x01: {op: group, which: group7, shape: modRM},
	0x06: {op: CLTS}, 0x08: {op: INVD},
	0x09: {op: WBINVD}, // with F3, WBNOINVD: to write back and forget is a legal way to write back
	0x20: {op: ReadCR, shape: modRM | register | always8},
	0x21: {op: ReadDR, shape: modRM | register | always8},
	0x22: {op: WriteCR, shape: modRM | register | always8},
	0x23: {op: WriteDR, shape: modRM | register | always8},
	0x30: {op: WRMSR}, 0x31: {op: RDTSC}, 0x32: {op: RDMSR}, 0x33: {op: RDPMC},
	0xa2: {op: CPUID},
	0xab: {op: BTS, shape: lockReg},
	0xb0: {op: CMPXCHG, shape: lockReg | oneByte}, 0xb1: {op: CMPXCHG, shape: lockReg},
	0xb3: {op: BTR, shape: lockReg},
	0xba: {op: group, which: group8, shape: lockBit},
	0xbb: {op: BTC, shape: lockReg},
}

// The groups, as the manuals number them: opcodes that ModRM's middle field extends.
const (
	group1 = iota
	group7
	group8
	group11
	groupCount
)

// A power of two, so that a mask keeps an index below it.
const _ = uint(-(groupCount & (groupCount - 1)))

// groups holds what the middle field selects. The shape adds to the opcode's.
var groups = [groupCount][8]form{
	group1: {
		{op: ADD, shape: lockable}, {op: OR, shape: lockable}, {op: ADC, shape: lockable}, {op: SBB, shape: lockable},
		{op: AND, shape: lockable}, {op: SUB, shape: lockable}, {op: XOR, shape: lockable}, {},
	},
	group7:  {7: {op: INVLPG, shape: memory}},
	group8:  {5: {op: BTS}, 6: {op: BTR}, 7: {op: BTC}},
	group11: {0: {op: MOV}},
}

// group7Registers is 0F 01 with a second byte that names no memory: all of
// that byte is opcode. Here are its lower six bits.
var group7Registers = [64]form{
	0xd0 - 0xc0: {op: XGETBV, shape: noPrefix},
	0xd1 - 0xc0: {op: XSETBV, shape: noPrefix},
	0xf9 - 0xc0: {op: RDTSCP, shape: noPrefix},
}
