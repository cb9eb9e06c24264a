package reach

import (
	"encoding/binary"

	"golang.org/x/arch/x86/x86asm"
)

// ref is a reference from an instruction or a data word to an address in the image.
type ref struct {
	from uint64 // where it stands
	to   uint64
}

// mark is an instruction that a check may object to.
type mark uint8

const (
	markVEX         mark = iota + 1 // VEX, EVEX or XOP coded
	markSyscall                     // SYSCALL, SYSENTER, INT 80h
	markUndecodable                 // neither x86asm nor system.go knows it
)

// note is a mark and the address of its instruction.
type note struct {
	mark mark
	pc   uint64
}

// body is what the checks want to know of one function's instructions.
type body struct {
	refs  []ref
	notes []note
	regs  Registers
	// first use of each vector register class, to name a line
	regPC map[Registers]uint64
}

// scan decodes all instructions of a function, the way they follow each other in memory.
// Go puts no data between instructions; where a hand-written table does, decoding fails
// sooner or later and the failure is noted.
func scan(im *Image, f Func) *body {
	b := &body{}
	code := im.code(f)
	for at := 0; at < len(code); {
		pc := f.Addr + uint64(at)
		in, ok := decode(code[at:])
		if !ok {
			// What follows would be decoded out of step. One note is enough.
			b.notes = append(b.notes, note{markUndecodable, pc})
			break
		}
		next := pc + uint64(in.size)
		if in.mark != 0 {
			b.notes = append(b.notes, note{in.mark, pc})
		}
		if in.hasRel {
			b.refer(im, f, pc, next+uint64(in.rel))
		}
		if in.abs != 0 {
			// An absolute address is rare (hand-written code only): believe it when
			// it is exactly the beginning of a function.
			if i, ok := im.funcAt(in.abs); ok && im.funcs[i].Addr == in.abs {
				b.refer(im, f, pc, in.abs)
			}
		}
		if fresh := in.regs &^ b.regs; fresh != 0 {
			b.regs |= fresh
			if b.regPC == nil {
				b.regPC = map[Registers]uint64{}
			}
			fresh.each(func(r Registers) { b.regPC[r] = pc })
		}
		at += in.size
	}
	return b
}

// refer notes a reference, unless it stays inside the function.
func (b *body) refer(im *Image, f Func, pc, to uint64) {
	if inside := f.Addr <= to && to < f.End(); !inside && im.section(to) != nil {
		b.refs = append(b.refs, ref{pc, to})
	}
}

// instruction is one decoded instruction.
type instruction struct {
	size   int
	hasRel bool
	rel    int64 // distance of the target from the next instruction
	abs    uint64
	regs   Registers
	mark   mark
}

// decode decodes the instruction at the beginning of code.
func decode(code []byte) (instruction, bool) {
	if in, ok := decodeVEX(code); ok {
		return in, true
	}
	if in, ok := decodeSystem(code); ok {
		return in, true
	}
	x, err := x86asm.Decode(code, 64)
	// Op is 0 where x86asm took a prefix alone, having failed at what follows it.
	if err != nil || x.Op == 0 || x.Len > len(code) {
		return instruction{}, false
	}
	in := instruction{size: x.Len}
	switch x.Op {
	case x86asm.SYSCALL, x86asm.SYSENTER:
		in.mark = markSyscall
	case x86asm.INT:
		if imm, ok := x.Args[0].(x86asm.Imm); ok && imm == 0x80 {
			in.mark = markSyscall
		}
	}
	for _, arg := range x.Args {
		switch a := arg.(type) {
		case nil:
		case x86asm.Rel:
			in.hasRel, in.rel = true, int64(a)
		case x86asm.Mem:
			if a.Base == x86asm.RIP {
				// x86asm does not sign-extend this displacement.
				in.hasRel, in.rel = true, int64(int32(a.Disp))
			}
		case x86asm.Imm:
			in.abs = uint64(a)
		case x86asm.Reg:
			in.regs |= registerOf(a)
		}
	}
	return in, true
}

// operand measures a ModRM byte with what belongs to it (SIB, displacement), and tells the
// displacement where it is relative to RIP.
func operand(code []byte) (size int, rip bool, disp int32, ok bool) {
	if len(code) == 0 {
		return 0, false, 0, false
	}
	mod, rm := code[0]>>6, code[0]&7
	size = 1
	if mod == 3 {
		return size, false, 0, true
	}
	base := rm
	if rm == 4 {
		if len(code) < 2 {
			return 0, false, 0, false
		}
		base = code[1] & 7
		size++
	}
	switch {
	case mod == 1:
		size++
	case mod == 2, mod == 0 && base == 5:
		if len(code) < size+4 {
			return 0, false, 0, false
		}
		disp = int32(binary.LittleEndian.Uint32(code[size:]))
		rip = mod == 0 && rm == 5
		size += 4
	}
	return size, rip, disp, len(code) >= size
}
