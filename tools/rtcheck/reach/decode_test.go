package reach

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestInstructionLengths decodes what GNU as assembled, which includes all the system
// instructions that a hypervisor may use.
func TestInstructionLengths(t *testing.T) {
	text, err := os.ReadFile("testdata/instructions")
	require.NoError(t, err)
	count := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		digits, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		name = strings.TrimSpace(name)
		code, err := hex.DecodeString(digits)
		require.NoError(t, err, line)
		in, ok := decode(append(code, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90))
		if assert.True(t, ok, "%s %s: not decoded", digits, name) {
			assert.Equal(t, len(code), in.size, "%s %s", digits, name)
			assert.Equal(t, vexCoded(name), in.mark == markVEX, "%s %s: VEX", digits, name)
			assert.Equal(t, strings.Contains(name, "(%rip)"), in.hasRel && !isJump(name), "%s %s: RIP-relative", digits, name)
		}
		count++
	}
	assert.Greater(t, count, 180)
}

func vexCoded(name string) bool {
	op, _, _ := strings.Cut(name, " ")
	switch op {
	case "verr", "verw", "vmrun", "vmload", "vmsave", "vmmcall", "vmxon", "vmptrld", "vmclear", "vmptrst",
		"vmread", "vmwrite", "vmlaunch", "vmresume", "vmxoff", "vmcall", "vmfunc":
		return false
	case "andn", "rorx", "shlx", "kmovq":
		return true
	}
	return strings.HasPrefix(op, "v")
}

func isJump(name string) bool {
	op, _, _ := strings.Cut(name, " ")
	return op == "jrcxz" || op == "loop" || op == "xbegin"
}

// TestTruncated: an instruction that is cut off is not decoded past its end.
func TestTruncated(t *testing.T) {
	text, err := os.ReadFile("testdata/instructions")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		digits, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		code, err := hex.DecodeString(digits)
		if err != nil {
			continue
		}
		for n := range code {
			in, ok := decode(code[:n])
			assert.True(t, !ok || in.size <= n, "%x of %s", code[:n], name)
		}
	}
}

// TestRelative: displacements count from the end of the instruction and are signed.
func TestRelative(t *testing.T) {
	for digits, want := range map[string]int64{
		"e8fbffffff":             -5,   // CALL itself
		"488d05f0ffffff":         -16,  // LEA -16(RIP), AX
		"48c705f8ffffff01000000": -8,   // MOV $1, -8(RIP): an immediate follows
		"0f011df0ffffff":         -16,  // LIDT -16(RIP)
		"c5fe6f05f0ffffff":       -16,  // VMOVDQU -16(RIP), Y0
		"c4e37d0f0500ffffff01":   -256, // VPALIGNR $1, -256(RIP), …
		"eb02":                   2,
		"0f8400010000":           256,
	} {
		code, err := hex.DecodeString(digits)
		require.NoError(t, err)
		in, ok := decode(code)
		require.True(t, ok, digits)
		assert.Equal(t, len(code), in.size, digits)
		assert.True(t, in.hasRel, digits)
		assert.Equal(t, want, in.rel, digits)
	}
}

func TestRegisterLists(t *testing.T) {
	for _, list := range []string{"none", "X0", "X0-X3,X15", "X14-X15", "X0-X15,x87"} {
		set, err := ParseRegisters(list)
		require.NoError(t, err)
		assert.Equal(t, list, set.String())
	}
	for _, list := range []string{"", "X16", "X3-X1", "Y0", "X", "X0,,X1", "X0-"} {
		_, err := ParseRegisters(list)
		assert.ErrorContains(t, err, "is not a list of vector registers", list)
	}
}

func TestPackageOf(t *testing.T) {
	for symbol, want := range map[string]string{
		"tuco/kernel/x.F":                               "tuco/kernel/x",
		"tuco/kernel/x.(*T).M":                          "tuco/kernel/x",
		"tuco/kernel/x.F[go.shape.int,tuco/kernel/y.T]": "tuco/kernel/x",
		"main.main":                                     "main",
		"type:.eq.tuco/kernel/x.T":                      "type:.eq.tuco/kernel/x",
		"memeqbody":                                     "",
	} {
		assert.Equal(t, want, packageOf(symbol), symbol)
	}
}

// FuzzDecode: no bytes make the decoder fail, or step over their end.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{0xc5, 0xf8, 0x77})
	f.Add([]byte{0x0f, 0x01, 0xd8})
	f.Fuzz(func(t *testing.T, code []byte) {
		if in, ok := decode(code); ok && (in.size <= 0 || in.size > len(code)) {
			t.Fatalf("% x: size %d of %d", code, in.size, len(code))
		}
	})
}
