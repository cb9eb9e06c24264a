package reach

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plantAssembly links the skeleton with assembly functions that planted.Do calls.
func plantAssembly(t *testing.T, decls, assembly string) *Image {
	t.Helper()
	return plant(t, map[string]string{
		"kernel/main.go":            callPlanted,
		"kernel/planted/planted.go": "package planted\n" + decls,
		"kernel/planted/planted.s":  "#include \"textflag.h\"\n" + assembly,
	})
}

func TestVEX(t *testing.T) {
	im := plantAssembly(t, `
func avx()
func bytes()
func evex()
func dead()
func Do(n int) { avx(); bytes(); evex(); if n == 1 { Do(n - 1) } }
func Dead() { dead() }
`, `
TEXT ·avx(SB), NOSPLIT, $0
	XORL AX, AX
	VPXOR Y0, Y0, Y0
	VMOVDQU Y0, 64(AX)
	VZEROUPPER
	RET
TEXT ·bytes(SB), NOSPLIT, $0
	BYTE $0xc4; BYTE $0xe2; BYTE $0x78; BYTE $0xf2; BYTE $0xc9 // ANDN
	CALL ·behind(SB)
	RET
TEXT ·behind(SB), NOSPLIT, $0
	RET
TEXT ·evex(SB), NOSPLIT, $0
	VPTERNLOGD $1, Z1, Z2, Z3
	RET
TEXT ·dead(SB), NOSPLIT, $0
	VZEROALL
	RET
`)
	res := walk(t, im)
	text := spelled(res)
	assert.Contains(t, text, "kernel/planted/planted.s:5: main.entry → main.start → tuco/kernel/planted.Do → tuco/kernel/planted.avx: 3 VEX-coded instructions")
	assert.Contains(t, text, "tuco/kernel/planted.bytes: 1 VEX-coded instructions")
	assert.Contains(t, text, "tuco/kernel/planted.evex: 1 VEX-coded instructions")
	assert.Len(t, res.Findings, 3, text)
	assert.NotNil(t, res.Why("tuco/kernel/planted.behind"), "decoding goes on behind a VEX instruction")
}

func TestVectorRegisters(t *testing.T) {
	im := plantAssembly(t, `
var f float64
func save()
func mmx()
func Do(n int) { f = float64(n) * 1.5; save(); mmx() }
`, `
TEXT ·save(SB), NOSPLIT, $0
	MOVUPS X7, (AX)
	RET
TEXT ·mmx(SB), NOSPLIT, $0
	MOVQ AX, M3
	RET
`)
	saved, err := ParseRegisters("X14,X15")
	require.NoError(t, err)
	cfg := Config{Module: "tuco", Redirects: handlers(t), XMM: &saved}
	res, err := Walk(im, cfg)
	require.NoError(t, err)
	text := spelled(res)
	assert.Contains(t, text, "kernel/planted/planted.go:6: main.entry → main.start → tuco/kernel/planted.Do: this uses X0-X1, and only X14-X15 are saved when a guest exits")
	assert.Contains(t, text, "tuco/kernel/planted.save: this uses X7, and only X14-X15 are saved")
	assert.Contains(t, text, "tuco/kernel/planted.mmx: this uses x87 or MMX registers")
	assert.Len(t, res.Findings, 3, text)

	cfg.XMMExcept = []string{"tuco/kernel/planted.save"}
	res, err = Walk(im, cfg)
	require.NoError(t, err)
	assert.NotContains(t, spelled(res), "planted.save")
	assert.Equal(t, "X0-X1,X7,X15,x87", res.XMM.String())

	res, err = Walk(im, Config{Module: "tuco", Redirects: handlers(t), OwnsVectors: true})
	require.NoError(t, err)
	assert.Empty(t, spelled(res))
}

func TestUndecodable(t *testing.T) {
	im := plantAssembly(t, "func table()\nfunc Do(n int) { table() }\n", `
TEXT ·table(SB), NOSPLIT, $0
	RET
	BYTE $0x06; BYTE $0x07; BYTE $0x17
	RET
`)
	res := walk(t, im)
	assert.Contains(t, spelled(res), "kernel/planted/planted.s:5: main.entry → main.start → tuco/kernel/planted.table: can't decode 06 07 17 c3 at offset 0x1 of the function")
	assert.Len(t, res.Findings, 1)
}

// TestSystemCall: the kernel may hold a SYSCALL for its guests, the runtime's may not be reached.
func TestSystemCall(t *testing.T) {
	im := plantAssembly(t, `
import _ "unsafe"
//go:linkname exit runtime.exit
func exit(code int32)
func trampoline()
func Do(n int) { trampoline(); exit(3) }
`, `
TEXT ·trampoline(SB), NOSPLIT, $0
	SYSCALL
	RET
`)
	res := walk(t, im)
	assert.Contains(t, spelled(res), "→ runtime.exit: this is a system call")
	assert.Len(t, res.Findings, 1, spelled(res))
}
