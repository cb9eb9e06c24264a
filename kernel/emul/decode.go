package emul

import "tuco/kernel/exit"

// cursor reads code. Behind the end it reads zeros, and says so.
type cursor struct {
	code *exit.Code
	at   uint8
	over bool
}

func (c *cursor) next() byte {
	if c.at >= c.code.N || int(c.at) >= len(c.code.Bytes) {
		c.over = true
		return 0
	}
	b := c.code.Bytes[c.at]
	c.at++
	return b
}

// signed reads a little-endian number of so many bytes and extends its sign.
func (c *cursor) signed(size uint8) uint64 {
	var v uint64
	for n := uint8(0); n < size; n++ {
		v |= uint64(c.next()) << (8 * n & 63)
	}
	return signExtend(v, size)
}

// prefixes is what stands before an opcode.
type prefixes struct {
	rex                   byte // 0 if there is none
	operand16, address32  bool
	lock, repeat, segment bool
	which                 exit.SegmentRegister // if segment
}

// Bits of a REX prefix.
const (
	rexB = 1 << iota // extends ModRM's r/m or SIB's base
	rexX             // extends SIB's index
	rexR             // extends ModRM's reg
	rexW             // 8-byte operands
)

// bit is 8, for the upper half of the registers, if REX has this bit.
func (p *prefixes) bit(b byte) exit.GPR {
	if p.rex&b != 0 {
		return 8
	}
	return 0
}

// read takes the prefixes, and returns the byte behind them. REX counts only
// right before the opcode. Segment prefixes other than FS and GS do nothing,
// not even end an FS or GS before them.
func (p *prefixes) read(c *cursor) byte {
	for !c.over {
		b := c.next()
		switch b {
		case 0x66:
			p.operand16 = true
		case 0x67:
			p.address32 = true
		case 0xf0:
			p.lock = true
		case 0xf2, 0xf3:
			p.repeat = true
		case 0x64:
			p.segment, p.which = true, exit.FS
		case 0x65:
			p.segment, p.which = true, exit.GS
		case 0x26, 0x2e, 0x36, 0x3e:
		default:
			if b&0xf0 != 0x40 {
				return b
			}
			p.rex = b
			continue
		}
		p.rex = 0
	}
	return 0
}

// Decode decodes the instruction at the start of the code as a processor in
// 64-bit mode does. It is false for what is not emulated, for what processors
// refuse, and where bytes are missing.
func Decode(code exit.Code) (i Instruction, ok bool) {
	if forcedCPUID(&code) {
		return Instruction{Op: CPUID, Length: 7, Size: 4, Forced: true}, true
	}
	c := cursor{code: &code}
	var p prefixes
	f := oneByteForm(&c, &p)
	modrm := byte(0)
	if f.shape&modRM != 0 {
		modrm = c.next()
	}
	f = f.extend(modrm)
	if f.op == Invalid || p.lock && f.shape&lockable == 0 ||
		f.shape&noPrefix != 0 && (p.operand16 || p.repeat) {
		return Instruction{}, false
	}
	i.Op, i.Lock, i.Short = f.op, p.lock, p.address32
	i.Repeat = p.repeat && f.op.isString()
	i.Size = f.size(&p)
	i.operands(&c, &p, f.shape, modrm)
	i.Length = c.at
	if c.over || (f.op == ReadCR || f.op == WriteCR) && !controlRegister(i.Reg) ||
		(f.op == ReadDR || f.op == WriteDR) && i.Reg > 7 {
		return Instruction{}, false
	}
	return i, true
}

// forcedCPUID recognises CPUID behind the prefix by which a guest asks for the
// hypervisor's answer where the processor would give its own. Nothing else may
// stand between. Source: xen.h of the public headers, "XEN_EMULATE_PREFIX".
func forcedCPUID(code *exit.Code) bool {
	b := &code.Bytes
	return code.N >= 7 && b[0] == 0x0f && b[1] == 0x0b && b[2] == 'x' && b[3] == 'e' && b[4] == 'n' &&
		b[5] == 0x0f && b[6] == 0xa2
}

func oneByteForm(c *cursor, p *prefixes) form {
	b := p.read(c)
	if b == 0x0f {
		return twoByteMap[c.next()]
	}
	return oneByteMap[b]
}

// extend makes the final form of one that its ModRM byte has a say in.
func (f form) extend(modrm byte) form {
	isMemory := modrm < 0xc0
	if f.op == group {
		if f.which == group7 && !isMemory {
			return group7Registers[modrm&63]
		}
		g := groups[f.which&(groupCount-1)][modrm>>3&7]
		f.op, f.shape = g.op, f.shape|g.shape|extended
	}
	if f.shape&memory != 0 && !isMemory {
		return form{}
	}
	return f
}

// controlRegister is true for those that there are.
func controlRegister(n exit.GPR) bool { return n == 0 || n >= 2 && n <= 4 || n == 8 }

// size is the operand size in bytes.
func (f form) size(p *prefixes) uint8 {
	switch {
	case f.shape&oneByte != 0:
		return 1
	case f.shape&atMost4 != 0 && p.rex&rexW != 0:
		return 4 // whatever 66 says: REX.W comes first, and the port has no more
	case f.shape&always8 != 0, p.rex&rexW != 0:
		return 8
	case p.operand16:
		return 2
	}
	return 4
}

// operands reads what follows the opcode and its ModRM byte.
func (i *Instruction) operands(c *cursor, p *prefixes, s shape, modrm byte) {
	i.Memory.Segment = exit.DS
	if p.segment {
		i.Memory.Segment = p.which
	}
	if s&modRM != 0 {
		if s&extended == 0 {
			i.Reg = exit.GPR(modrm>>3&7) | p.bit(rexR)
		}
		if s&oneByte != 0 && p.rex == 0 && i.Reg >= 4 {
			i.Reg, i.High = i.Reg-4, true
		}
		if s&register != 0 {
			i.Other = exit.GPR(modrm&7) | p.bit(rexB)
		} else if modrm < 0xc0 {
			i.Memory.read(c, p, modrm)
		}
	}
	if s&offset != 0 {
		i.Memory.Valid = true
		if i.Short {
			i.Memory.Displacement = c.signed(4)
		} else {
			i.Memory.Displacement = c.signed(8)
		}
	}
	switch {
	case s&imm8 != 0:
		i.HasImmediate, i.Immediate = true, c.signed(1)
	case s&immZ != 0:
		i.HasImmediate, i.Immediate = true, c.signed(min(i.Size, 4))
	}
}

// read decodes a ModRM byte that names memory, with what follows it.
// Source: AMD APM, volume 3, "ModRM and SIB Bytes".
func (m *Operand) read(c *cursor, p *prefixes, modrm byte) {
	m.Valid = true
	mod, rm := modrm>>6, modrm&7
	m.HasBase, m.Base = true, exit.GPR(rm)|p.bit(rexB)
	switch {
	case rm == 4:
		sib := c.next()
		m.Shift = sib >> 6
		m.Index = exit.GPR(sib>>3&7) | p.bit(rexX)
		if m.Index == exit.RSP { // no index; R12 is one
			m.Shift, m.Index = 0, 0
		} else {
			m.HasIndex = true
		}
		m.Base = exit.GPR(sib&7) | p.bit(rexB)
		if sib&7 == 5 && mod == 0 {
			m.HasBase, m.Base = false, 0
			m.Displacement = c.signed(4)
		}
	case rm == 5 && mod == 0:
		m.HasBase, m.Base, m.Relative = false, 0, true
		m.Displacement = c.signed(4)
	}
	switch mod {
	case 1:
		m.Displacement = c.signed(1)
	case 2:
		m.Displacement = c.signed(4)
	}
}
