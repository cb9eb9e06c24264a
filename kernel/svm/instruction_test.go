package svm

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/arch/x86/x86asm"

	"tuco/kernel/exit"
)

func TestInstructions(t *testing.T) {
	for _, c := range []struct {
		name   string
		code   []byte
		reason exit.Reason
		length uint8
	}{
		{"cpuid", []byte{0x0f, 0xa2}, exit.CPUID, 2},
		{"rdmsr", []byte{0x0f, 0x32}, exit.MSRRead, 2},
		{"wrmsr", []byte{0x0f, 0x30}, exit.MSRWrite, 2},
		{"rdtsc", []byte{0x0f, 0x31}, exit.RDTSC, 2},
		{"rdtscp", []byte{0x0f, 0x01, 0xf9}, exit.RDTSCP, 3},
		{"vmmcall", []byte{0x0f, 0x01, 0xd9}, exit.Hypercall, 3},
		{"vmrun", []byte{0x0f, 0x01, 0xd8}, exit.VirtualInstruction, 3},
		{"xsetbv", []byte{0x0f, 0x01, 0xd1}, exit.XSETBV, 3},
		{"hlt", []byte{0xf4}, exit.HLT, 1},
		{"pause", []byte{0xf3, 0x90}, exit.Pause, 2},
		{"invd", []byte{0x0f, 0x08}, exit.INVD, 2},
		{"wbinvd", []byte{0x0f, 0x09}, exit.WBINVD, 2},
		{"rep outsd", []byte{0xf3, 0x6f}, exit.Port, 2},
		{"in al, 0x60", []byte{0xe4, 0x60}, exit.Port, 2},
		{"out dx, ax", []byte{0x66, 0xef}, exit.Port, 2},
		{"mov dr7, rax", []byte{0x0f, 0x23, 0xf8}, exit.DRWrite, 3},
		{"mov rax, cr8", []byte{0x44, 0x0f, 0x20, 0xc0}, exit.CRRead, 4},
		{"invlpg [rax]", []byte{0x0f, 0x01, 0x38}, exit.INVLPG, 3},
		{"invlpg [rip+x]", []byte{0x0f, 0x01, 0x3d, 1, 2, 3, 4}, exit.INVLPG, 7},
		{"invlpg [rsp+8]", []byte{0x0f, 0x01, 0x7c, 0x24, 8}, exit.INVLPG, 5},
		{"invlpg [disp32]", []byte{0x0f, 0x01, 0x3c, 0x25, 1, 2, 3, 4}, exit.INVLPG, 8},
		{"invlpg gs:[r12*2+x]", []byte{0x65, 0x42, 0x0f, 0x01, 0xbc, 0x61, 1, 2, 3, 4}, exit.INVLPG, 10},
	} {
		got, ok := parse(c.code, len(c.code), true)
		assert.True(t, ok, c.name)
		assert.Equal(t, c.reason, got.reason, c.name)
		assert.Equal(t, c.length, got.length, c.name)
		_, ok = parse(c.code, len(c.code)-1, true)
		assert.False(t, ok, "%s with its last byte missing", c.name)
	}
	_, ok := parse([]byte{0x90}, 1, true)
	assert.False(t, ok, "NOP is no PAUSE")
	_, ok = parse(nil, 0, true)
	assert.False(t, ok)
}

// reasonsOf names what x86asm's opcodes would exit for.
var reasonsOf = map[x86asm.Op]exit.Reason{
	x86asm.CPUID: exit.CPUID, x86asm.RDMSR: exit.MSRRead, x86asm.WRMSR: exit.MSRWrite,
	x86asm.RDTSC: exit.RDTSC, x86asm.RDTSCP: exit.RDTSCP, x86asm.RDPMC: exit.RDPMC,
	x86asm.HLT: exit.HLT, x86asm.PAUSE: exit.Pause, x86asm.INVD: exit.INVD, x86asm.WBINVD: exit.WBINVD,
	x86asm.MONITOR: exit.Monitor, x86asm.MWAIT: exit.MWait, x86asm.XSETBV: exit.XSETBV,
	x86asm.INVLPG: exit.INVLPG, x86asm.INT: exit.SoftwareInterrupt, x86asm.INTO: exit.SoftwareInterrupt,
	x86asm.ICEBP: exit.SoftwareInterrupt, x86asm.IN: exit.Port, x86asm.OUT: exit.Port,
	x86asm.INSB: exit.Port, x86asm.INSW: exit.Port, x86asm.INSD: exit.Port,
	x86asm.OUTSB: exit.Port, x86asm.OUTSW: exit.Port, x86asm.OUTSD: exit.Port,
}

// FuzzParse compares with a disassembler that knows all of the language: what
// that one takes for an instruction which exits must come out with its length,
// and nothing longer than what there is may come out at all.
func FuzzParse(f *testing.F) {
	for _, seed := range [][]byte{
		{0x0f, 0xa2}, {0x66, 0x0f, 0x30}, {0xf3, 0x90}, {0x48, 0x0f, 0x20, 0xc0}, {0xe4, 1}, {0xf3, 0x6c},
		{0x0f, 0x01, 0xbc, 0x25, 1, 2, 3, 4}, {0x0f, 0x01, 0xd9}, {0xcd, 0x80}, {0x67, 0x0f, 0x01, 0x38},
	} {
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, b []byte, long bool) {
		b = b[:min(len(b), 15)]
		got, ok := parse(b, len(b), long)
		if ok && int(got.length) > len(b) {
			t.Fatalf("% x: length %d of %d bytes", b, got.length, len(b))
		}
		mode := 32
		if long {
			mode = 64
		}
		want, err := x86asm.Decode(b, mode)
		if err != nil || unusualPrefix(b, long) {
			return
		}
		reason, exits := reasonsOf[want.Op]
		if want.Op == x86asm.MOV {
			reason, exits = moveReason(want)
			if ok && b[got.length-1] < 0xc0 {
				return // processors ignore the upper two bits, x86asm doesn't
			}
		}
		if !exits {
			return
		}
		if !ok || got.reason != reason || int(got.length) != want.Len {
			t.Fatalf("% x (%d-bit): got %v %d %v, x86asm says %v, %d bytes", b, mode, got.reason, got.length, ok, want, want.Len)
		}
	})
}

// unusualPrefix is true where the disassembler itself goes astray (REX before
// another prefix; LOCK) or the addressing is of 16 bits.
func unusualPrefix(b []byte, long bool) bool {
	rex := false
	for _, c := range b {
		switch {
		case c == 0xf0, !long && c == 0x67:
			return true
		case long && c&0xf0 == 0x40:
			if rex {
				return true
			}
			rex = true
		case c == 0x66, c == 0x67, c == 0xf2, c == 0xf3, c == 0x2e, c == 0x36, c == 0x3e, c == 0x26, c == 0x64, c == 0x65:
			if rex {
				return true
			}
		default:
			return false
		}
	}
	return false
}

func moveReason(i x86asm.Inst) (exit.Reason, bool) {
	for n, pair := range [2][2]exit.Reason{{exit.CRWrite, exit.DRWrite}, {exit.CRRead, exit.DRRead}} {
		r, ok := i.Args[n].(x86asm.Reg)
		switch {
		case ok && r >= x86asm.CR0 && r <= x86asm.CR15:
			return pair[0], true
		case ok && r >= x86asm.DR0 && r <= x86asm.DR15:
			return pair[1], true
		}
	}
	return exit.Unknown, false
}
