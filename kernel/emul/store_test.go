package emul

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/exit"
)

func storeOf(code ...byte) uint64 {
	var b [8]byte
	copy(b[:], code)
	return binary.LittleEndian.Uint64(b[:])
}

func TestDecodeStore(t *testing.T) {
	tests := map[string]struct {
		code []byte
		is   Store
	}{
		"mov [rdi], rsi":            {[]byte{0x48, 0x89, 0x37}, Store{exit.RDI, exit.RSI, 0, 3}},
		"mov [rax], rcx":            {[]byte{0x48, 0x89, 0x08, 0xff}, Store{exit.RAX, exit.RCX, 0, 3}},
		"mov [r15], r12":            {[]byte{0x4d, 0x89, 0x27}, Store{exit.R15, exit.R12, 0, 3}},
		"mov [rbx-8], r9":           {[]byte{0x4c, 0x89, 0x4b, 0xf8}, Store{exit.RBX, exit.R9, ^uint64(7), 4}},
		"mov [r13], rax":            {[]byte{0x49, 0x89, 0x45, 0}, Store{exit.R13, exit.RAX, 0, 4}},
		"mov [rdx+0x12345678], rbp": {[]byte{0x48, 0x89, 0xaa, 0x78, 0x56, 0x34, 0x12}, Store{exit.RDX, exit.RBP, 0x12345678, 7}},
		"mov [rdx-0x80000000], rbp": {[]byte{0x48, 0x89, 0xaa, 0, 0, 0, 0x80, 0x77}, Store{exit.RDX, exit.RBP, ^uint64(0x7fffffff), 7}},
	}
	for name, test := range tests {
		s, ok := DecodeStore(storeOf(test.code...))
		assert.True(t, ok, name)
		assert.Equal(t, test.is, s, name)
	}
	for name, code := range map[string][]byte{
		"mov [rdi], esi":           {0x89, 0x37},
		"mov [rdi], sil":           {0x40, 0x88, 0x37},
		"mov rsi, [rdi]":           {0x48, 0x8b, 0x37},
		"mov rdi, rsi":             {0x48, 0x89, 0xf7},
		"mov [rdi+rcx], rsi":       {0x48, 0x89, 0x34, 0x0f},
		"mov [rsp], rsi":           {0x48, 0x89, 0x34, 0x24},
		"mov [rip], rsi":           {0x48, 0x89, 0x35},
		"mov [rdi], rsp":           {0x48, 0x89, 0x27},
		"with an index's bit":      {0x4a, 0x89, 0x37},
		"mov fs:[rdi], rsi":        {0x64, 0x48, 0x89, 0x37},
		"mov [edi], rsi":           {0x67, 0x48, 0x89, 0x37},
		"a prefix behind REX":      {0x48, 0x66, 0x89, 0x37},
		"xchg [rdi], rsi":          {0x48, 0x87, 0x37},
		"mov qword [rdi], 0":       {0x48, 0xc7, 0x07},
		"nothing":                  {},
		"mov [r12], rsi, by a SIB": {0x49, 0x89, 0x34, 0x24},
	} {
		_, ok := DecodeStore(storeOf(code...))
		assert.False(t, ok, name)
	}
}

// Each prefix with each ModRM byte: either both know the store, or DecodeStore has left it to Decode.
func TestDecodeStoreAsDecode(t *testing.T) {
	known := 0
	for rex := range uint64(256) {
		for modRM := range uint64(256) {
			if sameStore(t, 0x1122_3344_5500_8900|rex|modRM<<16, 0x5555, 0x7_0000_0000) {
				known++
			}
		}
	}
	const memory = 6 + 7 + 7 // ways to name memory
	assert.Equal(t, 2*memory*8+2*memory*7, known, "four prefixes, of which two name RSP")
}

func FuzzDecodeStore(f *testing.F) {
	f.Add(storeOf(0x48, 0x89, 0x37), uint64(1), uint64(2))
	f.Add(storeOf(0x4c, 0x89, 0x4b, 0xf8), uint64(3), uint64(4))
	f.Add(storeOf(0x48, 0x89, 0xaa, 0, 0, 0, 0x80), uint64(5), uint64(6))
	f.Fuzz(func(t *testing.T, code, value, other uint64) { sameStore(t, code, value, other) })
}

// sameStore compares with Decode and Propose: the same entry at the same address becomes the
// same, and the same instruction is next. False: it is no store for DecodeStore.
func sameStore(t *testing.T, code, value, other uint64) bool {
	s, ok := DecodeStore(code)
	if !ok {
		return false
	}
	var c exit.Code
	binary.LittleEndian.PutUint64(c.Bytes[:], code)
	c.N = 8
	i, ok := Decode(c)
	if !ok {
		t.Fatalf("%016x is a store here and nothing to Decode", code)
	}
	before := State{RIP: 0x4000, Long: true}
	for r := range before.GPR {
		before.GPR[r] = other + uint64(r)*0x1111
	}
	before.GPR[s.Register] = value
	before.GPR[s.Base] = table + 8 - s.Displacement
	if s.Register == s.Base {
		value = before.GPR[s.Base]
	}
	u, r := Propose(&i, &before, table+8, oneTable())
	if r.Verdict != Wanted || u.Address != table+8 || u.New != value {
		t.Fatalf("%016x: verdict %v at %x, new %x, want %x", code, r.Verdict, u.Address, u.New, value)
	}
	after := before
	u.Commit(&after)
	before.RIP += uint64(s.Length)
	if before != after {
		t.Fatalf("%016x: it changes more than RIP: %v, want %v", code, after, before)
	}
	return true
}
