package emul

import (
	"math/rand/v2"
	"testing"

	"golang.org/x/arch/x86/x86asm"

	"tuco/kernel/exit"
	"tuco/kernel/frame"
)

// opsOf names the disassembler's opcodes as we do; the sizes of string
// instructions are in their names there.
var opsOf = map[x86asm.Op]Op{
	x86asm.CLTS: CLTS, x86asm.INVD: INVD, x86asm.WBINVD: WBINVD, x86asm.INVLPG: INVLPG, x86asm.RDMSR: RDMSR,
	x86asm.WRMSR: WRMSR, x86asm.RDTSC: RDTSC, x86asm.RDTSCP: RDTSCP, x86asm.RDPMC: RDPMC, x86asm.XGETBV: XGETBV,
	x86asm.XSETBV: XSETBV, x86asm.CPUID: CPUID, x86asm.HLT: HLT, x86asm.CLI: CLI, x86asm.STI: STI,
	x86asm.IN: IN, x86asm.OUT: OUT, x86asm.INSB: INS, x86asm.INSW: INS, x86asm.INSD: INS,
	x86asm.OUTSB: OUTS, x86asm.OUTSW: OUTS, x86asm.OUTSD: OUTS,
	x86asm.STOSB: STOS, x86asm.STOSW: STOS, x86asm.STOSD: STOS, x86asm.STOSQ: STOS,
	x86asm.MOVSB: MOVS, x86asm.MOVSW: MOVS, x86asm.MOVSD: MOVS, x86asm.MOVSQ: MOVS,
	x86asm.ADD: ADD, x86asm.OR: OR, x86asm.ADC: ADC, x86asm.SBB: SBB, x86asm.AND: AND, x86asm.SUB: SUB, x86asm.XOR: XOR,
	x86asm.MOV: MOV, x86asm.XCHG: XCHG, x86asm.CMPXCHG: CMPXCHG, x86asm.BTS: BTS, x86asm.BTR: BTR, x86asm.BTC: BTC,
}

// opOf is our name of an instruction, Invalid for one that is not for us.
func opOf(x x86asm.Inst) Op {
	op := opsOf[x.Op]
	if x.Op == x86asm.MOV {
		for n, pair := range [2][2]Op{{WriteCR, WriteDR}, {ReadCR, ReadDR}} {
			r, ok := x.Args[n].(x86asm.Reg)
			switch {
			case ok && r >= x86asm.CR0 && r <= x86asm.CR15:
				return pair[0]
			case ok && r >= x86asm.DR0 && r <= x86asm.DR15:
				return pair[1]
			case ok && r >= x86asm.ES && r <= x86asm.GS:
				return Invalid
			}
		}
	}
	if op.writesMemory() {
		if _, ok := x.Args[0].(x86asm.Mem); !ok {
			return Invalid
		}
	}
	if x.Op == x86asm.MOVSD && x.Opcode>>24 == 0x0f { // the vector instruction of that name
		return Invalid
	}
	return op
}

// usual is false where the disassembler itself goes astray: with REX before
// another prefix, LOCK, several segments, and prefixes that it takes for parts
// of opcodes.
func usual(b []byte) bool {
	rex, segments := false, 0
	for n, c := range b {
		switch {
		case c&0xf0 == 0x40:
			if rex {
				return false
			}
			rex = true
		case c == 0x2e, c == 0x36, c == 0x3e, c == 0x26, c == 0x64, c == 0x65:
			segments++
			if rex || segments > 1 {
				return false
			}
		case c == 0x66, c == 0x67, c == 0xf2, c == 0xf3, c == 0xf0:
			if rex {
				return false
			}
			for _, d := range b[:n] {
				if c == d || c|d == 0xf3 && c != 0xf0 && d != 0xf0 {
					return false
				}
			}
		default:
			return true
		}
	}
	return false
}

// refused are instructions that x86asm accepts and processors, or we, don't.
func refused(x x86asm.Inst, op Op, b []byte) bool {
	switch op {
	case ReadCR, WriteCR, ReadDR, WriteDR:
		for _, a := range x.Args {
			switch r, _ := a.(x86asm.Reg); r {
			case x86asm.CR1, x86asm.CR5, x86asm.CR6, x86asm.CR7, x86asm.CR9, x86asm.CR10, x86asm.CR11, x86asm.CR12,
				x86asm.CR13, x86asm.CR14, x86asm.CR15, x86asm.DR8, x86asm.DR9, x86asm.DR10, x86asm.DR11, x86asm.DR12,
				x86asm.DR13, x86asm.DR14, x86asm.DR15:
				return true
			}
		}
	}
	prefixed := func(p byte) bool {
		for _, c := range b[:x.Len] {
			switch {
			case c == p:
				return true
			case c == 0x0f:
				return false
			}
		}
		return false
	}
	switch op {
	case XGETBV, XSETBV, RDTSCP:
		return prefixed(0x66) || prefixed(0xf2) || prefixed(0xf3) || prefixed(0xf0)
	}
	lockableOp := op >= ADD && op <= XOR || op >= XCHG
	return hasLock(b) && !lockableOp
}

// hasLock looks at the prefixes.
func hasLock(b []byte) bool {
	for _, c := range b {
		switch {
		case c == 0xf0:
			return true
		case c&0xf0 == 0x40, c == 0x66, c == 0x67, c == 0xf2, c == 0xf3,
			c == 0x2e, c == 0x36, c == 0x3e, c == 0x26, c == 0x64, c == 0x65:
		default:
			return false
		}
	}
	return false
}

// registerOf is the number of a general register in the disassembler's names,
// and whether it is one of AH to BH.
func registerOf(r x86asm.Reg) (n exit.GPR, high, ok bool) {
	switch {
	case r >= x86asm.AL && r <= x86asm.BL:
		return exit.GPR(r - x86asm.AL), false, true
	case r >= x86asm.AH && r <= x86asm.BH:
		return exit.GPR(r - x86asm.AH), true, true
	case r >= x86asm.SPB && r <= x86asm.R15B:
		return exit.GPR(r-x86asm.SPB) + 4, false, true
	case r >= x86asm.AX && r <= x86asm.R15W:
		return exit.GPR(r - x86asm.AX), false, true
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return exit.GPR(r - x86asm.EAX), false, true
	case r >= x86asm.RAX && r <= x86asm.R15:
		return exit.GPR(r - x86asm.RAX), false, true
	}
	return 0, false, false
}

// addressOf computes the disassembler's memory operand, its way. That one
// zero-extends displacements relative to RIP.
func addressOf(m x86asm.Mem, x x86asm.Inst, s *State, moffs bool) frame.VAddr {
	a := uint64(m.Disp)
	if !moffs {
		a = uint64(int64(int32(m.Disp)))
	}
	if m.Base == x86asm.RIP || m.Base == x86asm.EIP {
		a += s.RIP + uint64(x.Len)
	} else if n, _, ok := registerOf(m.Base); ok {
		a += s.GPR[n]
	}
	if n, _, ok := registerOf(m.Index); ok {
		a += s.GPR[n] * uint64(m.Scale)
	}
	if x.AddrSize == 32 {
		a &= 1<<32 - 1
	}
	switch m.Segment {
	case x86asm.FS:
		a += s.FSBase
	case x86asm.GS:
		a += s.GSBase
	}
	return frame.VAddr(a)
}

func seedState(seed uint64) (s State) {
	r := rand.New(rand.NewPCG(seed, 1))
	for n := range s.GPR {
		s.GPR[n] = r.Uint64()
	}
	s.RIP, s.Flags, s.FSBase, s.GSBase, s.Long = r.Uint64(), r.Uint64()&^(1<<8), r.Uint64(), r.Uint64(), true
	return
}

// FuzzDecode compares with a disassembler that knows all of the language, both
// ways: what we accept it must accept, with the same length, operands and
// address, and what it takes for one of our instructions we must accept.
func FuzzDecode(f *testing.F) {
	for _, seed := range [][]byte{
		{0x0f, 0x20, 0xc0}, {0x44, 0x0f, 0x22, 0xc7}, {0x0f, 0x23, 0xf8}, {0x0f, 0x06}, {0x66, 0x0f, 0x30}, {0xf3, 0x0f, 0x09},
		{0x0f, 0x01, 0xf9}, {0x0f, 0x01, 0xbc, 0x25, 1, 2, 3, 4}, {0x67, 0x0f, 0x01, 0x38}, {0xe4, 0x80}, {0x66, 0xef},
		{0xf3, 0x6c}, {0x65, 0x66, 0x67, 0xf2, 0x6f}, {0x48, 0x89, 0x37}, {0x88, 0x30}, {0x40, 0x88, 0x30},
		{0x48, 0xc7, 0x07, 1, 2, 3, 0x80}, {0x66, 0xc7, 0x07, 1, 2}, {0x48, 0xa3, 1, 2, 3, 4, 5, 6, 7, 0x88}, {0x67, 0xa3, 1, 2, 3, 0x88},
		{0xf0, 0x80, 0x27, 0xfd}, {0xf0, 0x48, 0x0f, 0xba, 0x37, 6}, {0x48, 0x0f, 0xb3, 0x0f}, {0x48, 0x87, 0x03},
		{0xf0, 0x4b, 0x0f, 0xb1, 0x54, 0xc8, 0xff}, {0x64, 0x01, 0x04, 0x24}, {0x31, 0x05, 2, 0, 0, 0x80}, {0x67, 0x31, 0x05, 2, 0, 0, 0x80},
		{0x66, 0x81, 0x07, 1, 2}, {0x66, 0x48, 0x81, 0x07, 1, 2, 3, 4}, {0xf3, 0x48, 0xab}, {0x48, 0xa5}, {0xf2, 0x0f, 0x11, 0x00},
	} {
		f.Add(seed, uint64(0))
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		code := codeOf(b)
		b = code.Bytes[:code.N]
		i, ok := Decode(code)
		if ok && (i.Length == 0 || int(i.Length) > len(b)) {
			t.Fatalf("% x: length %d of %d bytes", b, i.Length, len(b))
		}
		if i.Forced || !usual(b) {
			return
		}
		x, err := x86asm.Decode(b, 64)
		op := Invalid
		if err == nil {
			op = opOf(x)
		}
		if !ok {
			if op != Invalid && !refused(x, op, b) {
				t.Fatalf("% x: refused, x86asm says %v (%d bytes)", b, x, x.Len)
			}
			return
		}
		if (i.Op == ReadCR || i.Op == WriteCR || i.Op == ReadDR || i.Op == WriteDR) && b[i.Length-1] < 0xc0 {
			return // processors ignore these two bits, x86asm doesn't
		}
		if err != nil || op != i.Op || x.Len != int(i.Length) {
			t.Fatalf("% x: %v, %d bytes; x86asm says %v, %d bytes (%v)", b, i.Op, i.Length, x, x.Len, err)
		}
		s := seedState(seed)
		sameOperands(t, b, &i, x, &s)
	})
}

// sameOperands compares sizes, registers, immediates and addresses.
func sameOperands(t *testing.T, b []byte, i *Instruction, x x86asm.Inst, s *State) {
	size := uint8(x.MemBytes)
	if i.Op.isString() { // it is in the name
		name := x.Op.String()
		size = map[byte]uint8{'B': 1, 'W': 2, 'D': 4, 'Q': 8}[name[len(name)-1]]
	}
	if (i.Op.writesMemory() || i.Op.isString()) && i.Size != size {
		t.Fatalf("% x: operands of %d bytes; x86asm says %v, %d", b, i.Size, x, size)
	}
	if (i.Op.isString() || i.Memory.Valid) && i.Short != (x.AddrSize == 32) {
		t.Fatalf("% x: short addresses %v; x86asm says %d bits", b, i.Short, x.AddrSize)
	}
	for n, arg := range x.Args {
		switch a := arg.(type) {
		case x86asm.Mem:
			moffs := x.Opcode>>24 == 0xa2 || x.Opcode>>24 == 0xa3
			got := i.plainAddress(s, n)
			if want := addressOf(a, x, s, moffs); got != want {
				t.Fatalf("% x: address %#x; x86asm says %v, %#x", b, got, x, want)
			}
		case x86asm.Imm:
			size := i.Size
			if i.Op == IN || i.Op == OUT || i.Op.testsBit() {
				size = 1 // a number of a port or bit, extended by us and not by the other
			}
			if got := i.Immediate; !i.HasImmediate || got&mask(size) != uint64(a)&mask(size) {
				t.Fatalf("% x: immediate %#x; x86asm says %v", b, got, x)
			}
		case x86asm.Reg:
			sameRegister(t, b, i, x, a, n)
		}
	}
}

// plainAddress is argument n without what a bit number adds: the disassembler
// leaves that out.
func (i *Instruction) plainAddress(s *State, n int) frame.VAddr {
	switch {
	case i.Op == INS || i.Op == STOS || i.Op == MOVS && n == 0:
		return i.destination(s)
	case i.Op == OUTS || i.Op == MOVS:
		return i.source(s)
	}
	j := *i
	j.HasImmediate = true
	return j.Address(s)
}

func sameRegister(t *testing.T, b []byte, i *Instruction, x x86asm.Inst, r x86asm.Reg, arg int) {
	got, high := i.Reg, i.High
	var want exit.GPR
	var wantHigh, ok bool
	switch {
	case r >= x86asm.CR0 && r <= x86asm.CR15:
		want, ok = exit.GPR(r-x86asm.CR0), true
	case r >= x86asm.DR0 && r <= x86asm.DR15:
		want, ok = exit.GPR(r-x86asm.DR0), true
	default:
		want, wantHigh, ok = registerOf(r)
		switch i.Op {
		case ReadCR, WriteCR, ReadDR, WriteDR:
			got = i.Other
		case IN, OUT: // RAX, and RDX or an immediate
			got, high = exit.RAX, false
			if r == x86asm.DX {
				ok = ok && !i.HasImmediate
				got = exit.RDX
			} else if size := map[x86asm.Reg]uint8{x86asm.AL: 1, x86asm.AX: 2, x86asm.EAX: 4}[r]; size != i.Size {
				ok = false
			}
		case INS, OUTS:
			got = exit.RDX
		case STOS:
			got = exit.RAX
		}
	}
	if !ok || got != want || high != wantHigh {
		t.Fatalf("% x: register %d, high %v; x86asm says %v, argument %d of %v", b, got, high, r, arg, x)
	}
}

// FuzzAnything gives every decoder and executor arbitrary bytes and state.
// Nothing may panic, and no instruction may move RIP by more than its bytes.
func FuzzAnything(f *testing.F) {
	f.Add([]byte{0xf3, 0x6c}, uint64(1), uint8(15), uint8(7))
	f.Add([]byte{0x48, 0x0f, 0xb3, 0x0f}, uint64(2), uint8(4), uint8(1))
	f.Add([]byte{0xf0, 0x4b, 0x0f, 0xb1, 0x54, 0xc8, 0xff}, uint64(3), uint8(255), uint8(3))
	f.Add([]byte{0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2}, uint64(4), uint8(7), uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, seed uint64, n, policy uint8) {
		code := codeOf(b)
		code.N = n // not always what it should be
		i, ok := Decode(code)
		if !ok && i != (Instruction{}) {
			t.Fatalf("% x: refused, but %v", b, i)
		}
		if ok && (i.Length == 0 || i.Length > n || i.Length > 15) {
			t.Fatalf("% x: length %d of %d bytes", b, i.Length, n)
		}
		s := seedState(seed)
		s.Long = policy&16 == 0
		if policy&32 != 0 { // some state that is likelier to be of use
			s.RIP = 1<<47 - uint64(n&15)
			s.GPR[exit.RDI], s.GPR[exit.RSI] = 0x1000, 0x1008
		}
		p := Policy{Kernel: policy&1 != 0, IO: policy&2 != 0, UserTSC: policy&4 != 0, UserPMC: policy&8 != 0}
		g := &fake{at: 0x1000, data: make([]byte, 64)}
		before := s
		r := Execute(&i, &s, p, g)
		if r.Verdict == Wanted {
			if s != before {
				t.Fatalf("% x: state changed with the effect still wanted", b)
			}
			r = Complete(&i, &s, Answer{Value: seed, Aux: 3}, g)
		}
		checkMove(t, b, &i, &before, &s, r)
		for _, at := range []frame.VAddr{0x1000, i.Address(&before), i.destination(&before)} {
			s = before
			u, r := Propose(&i, &s, at, g)
			if r.Verdict == Wanted {
				if s != before || u.Address%8 != 0 || at-u.Address >= 8 {
					t.Fatalf("% x: proposal for %#x, fault at %#x", b, u.Address, at)
				}
				r = u.Commit(&s)
			}
			checkMove(t, b, &i, &before, &s, r)
		}
	})
}

func checkMove(t *testing.T, b []byte, i *Instruction, before, after *State, r Result) {
	switch moved := after.RIP - before.RIP; {
	case r.Verdict == Wanted:
		t.Fatalf("% x: wants more", b)
	case moved > 15, moved != 0 && moved != uint64(i.Length):
		t.Fatalf("% x: RIP moved by %d", b, moved)
	case moved != 0 && r.Verdict == NotEmulated:
		t.Fatalf("% x: not emulated, but RIP moved", b)
	case r.Verdict == Done && moved == 0 && !i.Repeat:
		t.Fatalf("% x: done, but RIP stays", b)
	case r.Verdict == Done && !frame.VAddr(after.RIP).Canonical() && moved != 0:
		t.Fatalf("% x: done at a RIP that the processor can't take", b)
	}
}
