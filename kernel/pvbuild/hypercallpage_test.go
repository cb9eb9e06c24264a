package pvbuild

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/arch/x86/x86asm"

	"tuco/hypercall"
	"tuco/kernel/frame"
)

// TestHypercallPage reads the page by another's decoder.
func TestHypercallPage(t *testing.T) {
	p := page{}
	fillHypercallPage(&p)
	const entries = frame.PageSize / hypercall.EntrySize
	require.Equal(t, 128, entries)
	for n := range entries {
		entry := p[n*hypercall.EntrySize:][:hypercall.EntrySize]
		var got []string
		for len(entry) > 0 {
			i, err := x86asm.Decode(entry, 64)
			require.NoError(t, err)
			if i.Op == x86asm.INT && i.Args[0] == x86asm.Imm(3) {
				require.Equal(t, bytes.Repeat([]byte{int3}, len(entry)), entry, "no code behind the end")
				break
			}
			got = append(got, x86asm.IntelSyntax(i, 0, nil))
			entry = entry[i.Len:]
		}
		number := x86asm.IntelSyntax(x86asm.Inst{Op: x86asm.MOV, Args: x86asm.Args{x86asm.EAX, x86asm.Imm(n)}}, 0, nil)
		want := []string{"push rcx", "push r11", number, "syscall", "pop r11", "pop rcx", "ret"}
		if hypercall.Number(n) == hypercall.HYPERVISOR_iret {
			want = []string{"push rcx", "push r11", "push rax", number, "syscall"}
		}
		assert.Equal(t, want, got, "entry %d", n)
	}
}
