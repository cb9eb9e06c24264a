package emul

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// processor runs single instructions on the machine that runs the test: a page
// of code, and pages of data behind it, all below 2 GiB so that 32-bit
// addresses reach them.
type processor struct {
	memory []byte
	base   uint64
	state  struct {
		gpr   [16]uint64
		flags uint64
	}
	code uint64 // the address of the code; a pointer to this field is a func value
}

const (
	dataAt   = 2 * frame.PageSize
	dataSize = 128
)

func newProcessor(t *testing.T) *processor {
	const map32Bit = 0x40
	m, err := syscall.Mmap(-1, 0, 4*frame.PageSize, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC,
		syscall.MAP_PRIVATE|syscall.MAP_ANON|map32Bit)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(m)) })
	p := &processor{memory: m, base: uint64(uintptr(unsafe.Pointer(&m[0])))}
	p.code = p.base
	return p
}

func (p *processor) data() []byte { return p.memory[dataAt : dataAt+dataSize] }
func (p *processor) at() uint64   { return p.base + dataAt }
func (p *processor) rip() uint64  { return p.base + uint64(len(before())) }

// before is the code in front of the instruction: it is called as a Go
// function, with the address of processor.state in RAX, and loads the state.
func before() []byte {
	c := []byte{
		0x55,       // push rbp
		0x41, 0x56, // push r14
		0x50,                     // push rax
		0xff, 0xb0, 128, 0, 0, 0, // push [rax+128]
		0x9d, // popf
	}
	for r := byte(1); r < 16; r++ {
		if r != 4 {
			c = append(c, 0x48|r>>3<<2, 0x8b, 0x40|r&7<<3, r*8) // mov r, [rax+8*r]
		}
	}
	return append(c, 0x48, 0x8b, 0x00) // mov rax, [rax]
}

// after is the code behind the instruction, which stores the state.
func after() []byte {
	c := []byte{0x48, 0x87, 0x04, 0x24} // xchg rax, [rsp]
	for r := byte(1); r < 16; r++ {
		if r != 4 {
			c = append(c, 0x48|r>>3<<2, 0x89, 0x40|r&7<<3, r*8) // mov [rax+8*r], r
		}
	}
	return append(c,
		0x59,             // pop rcx
		0x48, 0x89, 0x08, // mov [rax], rcx
		0x9c,                     // pushf
		0x8f, 0x80, 128, 0, 0, 0, // pop [rax+128]
		0xfc,       // cld
		0x41, 0x5e, // pop r14
		0x5d, // pop rbp
		0xc3) // ret
}

// run runs one instruction, which must neither fault nor touch RSP.
func (p *processor) run(code []byte, s *State) {
	c := append(append(before(), code...), after()...)
	copy(p.memory, c)
	p.state.gpr, p.state.flags = s.GPR, s.Flags
	at := &p.code
	f := *(*func(unsafe.Pointer))(unsafe.Pointer(&at))
	f(unsafe.Pointer(&p.state))
	rsp := s.GPR[exit.RSP]
	s.GPR, s.Flags = p.state.gpr, p.state.flags
	s.GPR[exit.RSP] = rsp
	s.RIP += uint64(len(code))
}

const testedFlags = flagsArithmetic | x86.FlagDF

// undefinedFlags are those that the manuals leave open, and processors and
// emulators therefore may differ in.
func undefinedFlags(op Op) uint64 {
	switch op {
	case AND, OR, XOR:
		return x86.FlagAF
	case BTS, BTR, BTC:
		return x86.FlagPF | x86.FlagAF | x86.FlagSF | x86.FlagOF
	}
	return 0
}

// random is a state that the processor can run with.
func (p *processor) random(r *rand.Rand) State {
	s := State{Long: true, RIP: p.rip()}
	for n := range s.GPR {
		s.GPR[n] = r.Uint64() >> (r.UintN(4) * 16)
	}
	s.Flags = r.Uint64()&testedFlags | x86.FlagOne | x86.FlagIF
	return s
}

// emulate does the whole of a write to memory, all its iterations.
func emulate(t *testing.T, i *Instruction, s *State, g *fake) {
	for n := 0; ; n++ {
		require.Less(t, n, 100)
		if i.exhausted(s) {
			s.finish(i)
			return
		}
		at := i.destination(s)
		if !i.Op.isString() {
			at = i.Address(s)
		}
		start := s.RIP
		u, r := Propose(i, s, at, g)
		if r.Verdict == Wanted {
			require.Zero(t, u.Address%8)
			old, _, ok := g.Load(u.Address, 8)
			require.True(t, ok)
			require.Equal(t, u.Old, old)
			_, ok = g.Store(u.Address, 8, u.New)
			require.True(t, ok)
			r = u.Commit(s)
		}
		require.Equal(t, Done, r.Verdict)
		if s.RIP != start {
			return
		}
	}
}

// compare runs an instruction on the processor and here, from one state and memory.
func compare(t *testing.T, p *processor, r *rand.Rand, code []byte, i *Instruction, s State) {
	for n := 0; n < dataSize; n += 8 {
		binary.LittleEndian.PutUint64(p.data()[n:], r.Uint64())
	}
	mine := &fake{at: frame.VAddr(p.at()), data: append([]byte(nil), p.data()...)}
	if i.Op == CMPXCHG && r.UintN(2) == 0 {
		v, _, ok := mine.Load(i.Address(&s), i.Size)
		require.True(t, ok)
		moved := s
		moved.setRegister(exit.RAX, false, i.Size, v)
		if i.Address(&moved) == i.Address(&s) {
			s = moved
		}
	}
	got, want := s, s
	p.run(code, &want)
	emulate(t, i, &got, mine)
	tested := testedFlags &^ undefinedFlags(i.Op)
	got.Flags &= tested
	want.Flags &= tested
	require.Equal(t, want, got, "%v % x from %#x", i.Op, code, s)
	require.Equal(t, p.data(), mine.data, "%v % x from %#x", i.Op, code, s)
}

// writes are opcodes with ModRM of instructions that write memory, behind the
// prefixes; a negative number is that of a group's member.
var writes = []struct {
	code      []byte
	member    int
	immediate int // 0, 1, or -1 for one by the operand size
}{
	{[]byte{0x00}, -1, 0}, {[]byte{0x01}, -1, 0}, {[]byte{0x08}, -1, 0}, {[]byte{0x09}, -1, 0},
	{[]byte{0x10}, -1, 0}, {[]byte{0x11}, -1, 0}, {[]byte{0x18}, -1, 0}, {[]byte{0x19}, -1, 0},
	{[]byte{0x20}, -1, 0}, {[]byte{0x21}, -1, 0}, {[]byte{0x28}, -1, 0}, {[]byte{0x29}, -1, 0},
	{[]byte{0x30}, -1, 0}, {[]byte{0x31}, -1, 0},
	{[]byte{0x80}, 0, 1}, {[]byte{0x80}, 1, 1}, {[]byte{0x80}, 2, 1}, {[]byte{0x80}, 3, 1},
	{[]byte{0x80}, 4, 1}, {[]byte{0x80}, 5, 1}, {[]byte{0x80}, 6, 1},
	{[]byte{0x81}, 0, -1}, {[]byte{0x81}, 1, -1}, {[]byte{0x81}, 2, -1}, {[]byte{0x81}, 3, -1},
	{[]byte{0x81}, 4, -1}, {[]byte{0x81}, 5, -1}, {[]byte{0x81}, 6, -1},
	{[]byte{0x83}, 0, 1}, {[]byte{0x83}, 2, 1}, {[]byte{0x83}, 3, 1}, {[]byte{0x83}, 4, 1},
	{[]byte{0x86}, -1, 0}, {[]byte{0x87}, -1, 0}, {[]byte{0x88}, -1, 0}, {[]byte{0x89}, -1, 0},
	{[]byte{0xc6}, 0, 1}, {[]byte{0xc7}, 0, -1},
	{[]byte{0x0f, 0xab}, -1, 0}, {[]byte{0x0f, 0xb3}, -1, 0}, {[]byte{0x0f, 0xbb}, -1, 0},
	{[]byte{0x0f, 0xba}, 5, 1}, {[]byte{0x0f, 0xba}, 6, 1}, {[]byte{0x0f, 0xba}, 7, 1},
	{[]byte{0x0f, 0xb0}, -1, 0}, {[]byte{0x0f, 0xb1}, -1, 0},
}

// randomWrite makes an instruction with any register and any form of address,
// and tells where its displacement is if there is no SIB byte.
func randomWrite(r *rand.Rand) (code []byte, displacement int) {
	w := writes[r.IntN(len(writes))]
	var c []byte
	for _, prefix := range []byte{0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26} {
		if len(c) < 2 && r.UintN(6) == 0 {
			c = append(c, prefix)
		}
	}
	if len(c) == 2 && r.UintN(2) == 0 {
		c[0], c[1] = c[1], c[0]
	}
	if r.UintN(3) != 0 {
		c = append(c, 0x40|byte(r.UintN(16)))
	}
	c = append(c, w.code...)
	modrm := byte(r.UintN(0xc0))
	if w.member >= 0 {
		modrm = modrm&^0x38 | byte(w.member)<<3
	}
	c = append(c, modrm)
	displacement = len(c)
	if modrm&7 == 4 {
		c = append(c, byte(r.Uint32()))
	}
	for range 12 { // displacement and immediate; what is too much is cut off
		c = append(c, byte(r.Uint32()))
	}
	return c[:min(len(c), 15)], displacement
}

// TestHardwareWrites compares with the processor: result, flags, registers and
// address, of every instruction that writes memory.
func TestHardwareWrites(t *testing.T) {
	p := newProcessor(t)
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[Op]int{}
	for range 60000 {
		code, at := randomWrite(r)
		i, ok := Decode(codeOf(code))
		if !ok {
			require.Contains(t, code, byte(0xf0), "% x", code) // LOCK MOV
			continue
		}
		code = code[:i.Length]
		s := p.random(r)
		// Move the base so that the address is where the data is.
		target := p.at() + uint64(r.UintN(dataSize/8))*8 + uint64(r.UintN(9-uint(i.Size)))
		if i.Memory.Relative {
			binary.LittleEndian.PutUint32(code[at:], uint32(target-i.bits(&s)-s.RIP-uint64(i.Length)))
			i, ok = Decode(codeOf(code))
			require.True(t, ok)
		} else if i.Memory.HasBase {
			s.GPR[i.Memory.Base] += target - uint64(i.Address(&s))
		}
		if a := uint64(i.Address(&s)); a != target || i.Memory.Base == exit.RSP && i.Memory.HasBase ||
			i.Reg == exit.RSP && !i.HasImmediate && !i.High {
			continue // the base is the bit number too, or the like; or RSP, which is not ours here
		}
		seen[i.Op]++
		compare(t, p, r, code, &i, s)
	}
	for op := ADD; op <= BTC; op++ {
		if !op.isString() {
			require.Greater(t, seen[op], 100, op)
		}
	}
}

// bits is what the bit number adds to the address.
func (i *Instruction) bits(s *State) uint64 {
	if i.Op.testsBit() && !i.HasImmediate {
		return i.bitDisplacement(s)
	}
	return 0
}

func TestHardwareStrings(t *testing.T) {
	p := newProcessor(t)
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		var code []byte
		for _, prefix := range []byte{0x66, 0x67, 0xf2, 0xf3, 0x2e} {
			if r.UintN(3) == 0 {
				code = append(code, prefix)
			}
		}
		if r.UintN(2) == 0 {
			code = append(code, 0x40|byte(r.UintN(16)))
		}
		code = append(code, []byte{0xa4, 0xa5, 0xaa, 0xab}[r.UintN(4)])
		i, ok := Decode(codeOf(code))
		require.True(t, ok)
		s := p.random(r)
		s.GPR[exit.RCX] = uint64(r.UintN(5))
		middle := p.at() + dataSize/2
		s.GPR[exit.RDI] = middle + uint64(r.UintN(3))*8
		s.GPR[exit.RSI] = middle + uint64(r.UintN(24))
		if i.Short && s.GPR[exit.RCX] != 0 { // with nothing to do, processors may differ in the upper halves
			for _, n := range []exit.GPR{exit.RCX, exit.RSI, exit.RDI} {
				s.GPR[n] |= uint64(r.Uint32()) << 32
			}
		}
		compare(t, p, r, code, &i, s)
	}
}

// TestHardwareSegments shows which bases count, and which prefix of several.
func TestHardwareSegments(t *testing.T) {
	const archPrctl, setGS = 158, 0x1001
	p := newProcessor(t)
	r := rand.New(rand.NewPCG(5, 6))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	base := uint64(0x1234_5000)
	_, _, errno := syscall.RawSyscall(archPrctl, setGS, uintptr(base), 0)
	require.Zero(t, errno)
	defer func() { _, _, _ = syscall.RawSyscall(archPrctl, setGS, 0, 0) }()
	for _, prefix := range [][]byte{{0x65}, {0x65, 0x2e}, {0x2e, 0x65}, {0x65, 0x36}, {0x65, 0x3e}, {0x65, 0x26},
		{0x64, 0x65}, {0x65, 0x67}, {0x67, 0x65, 0x3e}} {
		code := append(append([]byte(nil), prefix...), 0x48, 0x01, 0x03) // add [rbx], rax
		i, ok := Decode(codeOf(code))
		require.True(t, ok)
		s := p.random(r)
		s.GSBase = base
		s.GPR[exit.RBX] = p.at() + 8 - base
		if i.Short && p.at()+8 < base {
			continue // 32 bits of offset can't go down
		}
		compare(t, p, r, code, &i, s)
	}
	code := []byte{0x65, 0xf3, 0xa4} // rep movs [rdi], gs:[rsi]
	i, ok := Decode(codeOf(code))
	require.True(t, ok)
	s := p.random(r)
	s.Flags &^= x86.FlagDF
	s.GSBase = base
	s.GPR[exit.RCX], s.GPR[exit.RDI], s.GPR[exit.RSI] = 9, p.at(), p.at()+64-base
	compare(t, p, r, code, &i, s)
}
