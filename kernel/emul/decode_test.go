package emul

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/exit"
)

func TestDecode(t *testing.T) {
	type op = Operand
	at := func(base exit.GPR) op { return op{Valid: true, HasBase: true, Base: base, Segment: exit.DS} }
	none := op{Segment: exit.DS}
	for _, c := range []struct {
		name string
		code []byte
		want Instruction // but for Length, which is that of the code
	}{
		{"mov rax, cr0", []byte{0x0f, 0x20, 0xc0}, Instruction{Op: ReadCR, Size: 8, Memory: none}},
		{"mov r9, cr3", []byte{0x41, 0x0f, 0x20, 0xd9}, Instruction{Op: ReadCR, Size: 8, Reg: 3, Other: exit.R9, Memory: none}},
		{"mov cr4, rbx", []byte{0x0f, 0x22, 0xe3}, Instruction{Op: WriteCR, Size: 8, Reg: 4, Other: exit.RBX, Memory: none}},
		{"mov cr8, rdi", []byte{0x44, 0x0f, 0x22, 0xc7}, Instruction{Op: WriteCR, Size: 8, Reg: 8, Other: exit.RDI, Memory: none}},
		{"mov cr2, rax, mod ignored", []byte{0x0f, 0x22, 0x10}, Instruction{Op: WriteCR, Size: 8, Reg: 2, Memory: none}},
		{"mov rcx, dr7", []byte{0x0f, 0x21, 0xf9}, Instruction{Op: ReadDR, Size: 8, Reg: 7, Other: exit.RCX, Memory: none}},
		{"mov dr0, r15", []byte{0x41, 0x0f, 0x23, 0xc7}, Instruction{Op: WriteDR, Size: 8, Other: exit.R15, Memory: none}},
		{"clts", []byte{0x0f, 0x06}, Instruction{Op: CLTS, Size: 4, Memory: none}},
		{"invd", []byte{0x0f, 0x08}, Instruction{Op: INVD, Size: 4, Memory: none}},
		{"wbinvd", []byte{0x0f, 0x09}, Instruction{Op: WBINVD, Size: 4, Memory: none}},
		{"wbnoinvd", []byte{0xf3, 0x0f, 0x09}, Instruction{Op: WBINVD, Size: 4, Memory: none}},
		{"wrmsr", []byte{0x0f, 0x30}, Instruction{Op: WRMSR, Size: 4, Memory: none}},
		{"rdtsc", []byte{0x0f, 0x31}, Instruction{Op: RDTSC, Size: 4, Memory: none}},
		{"rdmsr", []byte{0x0f, 0x32}, Instruction{Op: RDMSR, Size: 4, Memory: none}},
		{"rdpmc", []byte{0x0f, 0x33}, Instruction{Op: RDPMC, Size: 4, Memory: none}},
		{"cpuid", []byte{0x0f, 0xa2}, Instruction{Op: CPUID, Size: 4, Memory: none}},
		{"forced cpuid", []byte{0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2}, Instruction{Op: CPUID, Size: 4, Forced: true}},
		{"xgetbv", []byte{0x0f, 0x01, 0xd0}, Instruction{Op: XGETBV, Size: 4, Memory: none}},
		{"xsetbv", []byte{0x0f, 0x01, 0xd1}, Instruction{Op: XSETBV, Size: 4, Memory: none}},
		{"rdtscp", []byte{0x0f, 0x01, 0xf9}, Instruction{Op: RDTSCP, Size: 4, Memory: none}},
		{"invlpg [rax]", []byte{0x0f, 0x01, 0x38}, Instruction{Op: INVLPG, Size: 4, Memory: at(exit.RAX)}},
		{"hlt", []byte{0xf4}, Instruction{Op: HLT, Size: 4, Memory: none}},
		{"cli", []byte{0xfa}, Instruction{Op: CLI, Size: 4, Memory: none}},
		{"sti", []byte{0xfb}, Instruction{Op: STI, Size: 4, Memory: none}},
		{"in al, 0x80", []byte{0xe4, 0x80}, Instruction{Op: IN, Size: 1, HasImmediate: true, Immediate: ^uint64(0x7f), Memory: none}},
		{"in eax, dx, REX.W ignored", []byte{0x48, 0xed}, Instruction{Op: IN, Size: 4, Memory: none}},
		{"in ax, dx", []byte{0x66, 0xed}, Instruction{Op: IN, Size: 2, Memory: none}},
		{"out 0x20, al", []byte{0xe6, 0x20}, Instruction{Op: OUT, Size: 1, HasImmediate: true, Immediate: 0x20, Memory: none}},
		{"out dx, eax; no rep", []byte{0xf3, 0xef}, Instruction{Op: OUT, Size: 4, Memory: none}},
		{"rep insb", []byte{0xf3, 0x6c}, Instruction{Op: INS, Size: 1, Repeat: true, Memory: none}},
		{"a32 rep outsw gs:[esi]", []byte{0x65, 0x66, 0x67, 0xf2, 0x6f},
			Instruction{Op: OUTS, Size: 2, Repeat: true, Short: true, Memory: op{Segment: exit.GS}}},

		{"mov [rdi], rsi", []byte{0x48, 0x89, 0x37}, Instruction{Op: MOV, Size: 8, Reg: exit.RSI, Memory: at(exit.RDI)}},
		{"mov [rax], dh", []byte{0x88, 0x30}, Instruction{Op: MOV, Size: 1, Reg: exit.RDX, High: true, Memory: at(exit.RAX)}},
		{"mov [rax], sil", []byte{0x40, 0x88, 0x30}, Instruction{Op: MOV, Size: 1, Reg: exit.RSI, Memory: at(exit.RAX)}},
		{"mov qword [rdi], -2", []byte{0x48, 0xc7, 0x07, 0xfe, 0xff, 0xff, 0xff},
			Instruction{Op: MOV, Size: 8, HasImmediate: true, Immediate: ^uint64(1), Memory: at(exit.RDI)}},
		{"mov word [rdi], 0x1234", []byte{0x66, 0xc7, 0x07, 0x34, 0x12},
			Instruction{Op: MOV, Size: 2, HasImmediate: true, Immediate: 0x1234, Memory: at(exit.RDI)}},
		{"movabs [0x8877665544332211], rax", []byte{0x48, 0xa3, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88},
			Instruction{Op: MOV, Size: 8, Memory: op{Valid: true, Displacement: 0x8877665544332211, Segment: exit.DS}}},
		{"lock and byte [rdi], 0xfd", []byte{0xf0, 0x80, 0x27, 0xfd},
			Instruction{Op: AND, Size: 1, Lock: true, HasImmediate: true, Immediate: ^uint64(2), Memory: at(exit.RDI)}},
		{"lock btr qword [rdi], 6", []byte{0xf0, 0x48, 0x0f, 0xba, 0x37, 0x06},
			Instruction{Op: BTR, Size: 8, Lock: true, HasImmediate: true, Immediate: 6, Memory: at(exit.RDI)}},
		{"xchg [rbx], rax", []byte{0x48, 0x87, 0x03}, Instruction{Op: XCHG, Size: 8, Memory: at(exit.RBX)}},
		{"lock cmpxchg [r8+r9*8-1], rdx", []byte{0xf0, 0x4b, 0x0f, 0xb1, 0x54, 0xc8, 0xff},
			Instruction{Op: CMPXCHG, Size: 8, Lock: true, Reg: exit.RDX, Memory: op{Valid: true, HasBase: true, Base: exit.R8,
				HasIndex: true, Index: exit.R9, Shift: 3, Displacement: ^uint64(0), Segment: exit.DS}}},
		{"add fs:[rsp], eax", []byte{0x64, 0x01, 0x04, 0x24},
			Instruction{Op: ADD, Size: 4, Memory: op{Valid: true, HasBase: true, Base: exit.RSP, Segment: exit.FS}}},
		{"or [disp32], eax", []byte{0x09, 0x04, 0x25, 0, 0, 0, 0x80},
			Instruction{Op: OR, Size: 4, Memory: op{Valid: true, Displacement: 0xffff_ffff_8000_0000, Segment: exit.DS}}},
		{"xor [rip+2], eax", []byte{0x31, 0x05, 2, 0, 0, 0},
			Instruction{Op: XOR, Size: 4, Memory: op{Valid: true, Relative: true, Displacement: 2, Segment: exit.DS}}},
		{"sub [r13], eax: a displacement is needed", []byte{0x41, 0x29, 0x45, 0},
			Instruction{Op: SUB, Size: 4, Memory: at(exit.R13)}},
		{"rep stosq", []byte{0xf3, 0x48, 0xab}, Instruction{Op: STOS, Size: 8, Repeat: true, Memory: none}},
		{"movsq", []byte{0x48, 0xa5}, Instruction{Op: MOVS, Size: 8, Memory: none}},
		{"REX before a prefix does nothing", []byte{0x48, 0x66, 0xab}, Instruction{Op: STOS, Size: 2, Memory: none}},
		{"REX.W beats 66", []byte{0x66, 0x48, 0xab}, Instruction{Op: STOS, Size: 8, Memory: none}},
	} {
		c.want.Length = uint8(len(c.code))
		for n := range 15 {
			got, ok := Decode(codeOf(append(append([]byte(nil), c.code...), make([]byte, 15)...)[:max(n, len(c.code))]))
			require.True(t, ok, c.name)
			require.Equal(t, c.want, got, c.name)
		}
		for n := range c.code {
			code := codeOf(c.code)
			code.N = uint8(n)
			got, ok := Decode(code)
			// "forced cpuid" cut short is UD2; nothing else has a shorter instruction in it.
			assert.False(t, ok, "%s cut to %d bytes", c.name, n)
			assert.Equal(t, Instruction{}, got, c.name)
		}
	}
}

func TestNotDecoded(t *testing.T) {
	for name, code := range map[string][]byte{
		"nothing":                      {},
		"nop":                          {0x90},
		"ud2":                          {0x0f, 0x0b},
		"prefix before forced cpuid":   {0x66, 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2},
		"another forced instruction":   {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0x31},
		"prefix inside forced cpuid":   {0x0f, 0x0b, 'x', 'e', 'n', 0x66, 0x0f, 0xa2},
		"lgdt":                         {0x0f, 0x01, 0x10},
		"lidt":                         {0x0f, 0x01, 0x18},
		"sgdt":                         {0x0f, 0x01, 0x00},
		"sidt":                         {0x0f, 0x01, 0x08},
		"smsw":                         {0x0f, 0x01, 0xe0},
		"lmsw":                         {0x0f, 0x01, 0xf0},
		"lldt":                         {0x0f, 0x00, 0xd0},
		"ltr":                          {0x0f, 0x00, 0xd8},
		"swapgs":                       {0x0f, 0x01, 0xf8},
		"vmmcall":                      {0x0f, 0x01, 0xd9},
		"monitor":                      {0x0f, 0x01, 0xc8},
		"f3 xgetbv":                    {0xf3, 0x0f, 0x01, 0xd0},
		"66 xsetbv":                    {0x66, 0x0f, 0x01, 0xd1},
		"f2 rdtscp":                    {0xf2, 0x0f, 0x01, 0xf9},
		"mov rax, cr1":                 {0x0f, 0x20, 0xc8},
		"mov cr5, rax":                 {0x0f, 0x22, 0xe8},
		"mov cr15, rax":                {0x44, 0x0f, 0x22, 0xf8},
		"mov rax, dr8":                 {0x44, 0x0f, 0x21, 0xc0},
		"lock mov rax, cr0":            {0xf0, 0x0f, 0x20, 0xc0},
		"lock hlt":                     {0xf0, 0xf4},
		"lock mov":                     {0xf0, 0x48, 0x89, 0x07},
		"lock stosq":                   {0xf0, 0x48, 0xab},
		"mov to a register":            {0x48, 0x89, 0xc7},
		"invlpg of a register":         {0x0f, 0x01, 0xff},
		"cmp":                          {0x39, 0x07},
		"cmp with an immediate":        {0x83, 0x3f, 0},
		"bt":                           {0x0f, 0xa3, 0x07},
		"bt with an immediate":         {0x0f, 0xba, 0x27, 1},
		"c7 /1":                        {0xc7, 0x0f, 0, 0, 0, 0},
		"82, no more in 64-bit mode":   {0x82, 0x07, 0},
		"add from memory":              {0x03, 0x07},
		"vex, two bytes":               {0xc5, 0xf8, 0x77},
		"vex, three bytes":             {0xc4, 0xe2, 0xfb, 0xf7, 0xc0},
		"evex":                         {0x62, 0xf1, 0x7c, 0x48, 0x28, 0xc0},
		"xop":                          {0x8f, 0xe9, 0x78, 0x81, 0xc0},
		"vex behind a prefix":          {0x66, 0xc5, 0xf8, 0x77},
		"prefixes alone":               {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66},
		"three-byte map":               {0x0f, 0x38, 0xf1, 0x07},
		"one byte more than there may": {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x48, 0xc7, 0x84, 0x07, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		i, ok := Decode(codeOf(code))
		assert.False(t, ok, name)
		assert.Equal(t, Instruction{}, i, name)
	}
}

// TestLongest has an instruction of 15 bytes.
func TestLongest(t *testing.T) {
	i, ok := Decode(codeOf([]byte{0x66, 0x65, 0xf0, 0x48, 0x81, 0x84, 0xc7, 1, 2, 3, 4, 5, 6, 7, 8}))
	require.True(t, ok)
	assert.Equal(t, uint8(15), i.Length)
	// The count may lie about the array, as guest memory's reader might.
	c := codeOf(make([]byte, 15))
	for n := range c.Bytes {
		c.Bytes[n] = 0x66
	}
	c.N = 255
	_, ok = Decode(c)
	assert.False(t, ok)
}

func TestNames(t *testing.T) {
	for o := Invalid; o < Ops; o++ {
		assert.NotEmpty(t, o.String())
	}
	assert.Equal(t, "cmpxchg", CMPXCHG.String())
	assert.Equal(t, "impossible operation", Ops.String())
}
