package pvbuild

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/frame"
)

// TestLayout pins the places of two typical domains, worked out by hand.
func TestLayout(t *testing.T) {
	// Domain 0 of 1 GiB: kernel of 58 MiB from 16 MiB on, in a region of 76 MiB.
	k := kernel{base: linuxBase, at: 0x100_0000, data: "x", size: 0x3a0_0000, p2m: linuxP2M, mod: true}
	var l Layout
	require.Empty(t, layText(&l, k.image(t), &Config{Pages: 0x4_0000, Privileged: true, Ramdisk: make([]byte, 0x1001)}))
	l.trees = [2]tree{}
	assert.Equal(t, Layout{
		Base: linuxBase, Mapped: 0x4c00, p2mAddress: linuxP2M,
		Kernel:    Span{0x1000, 0x3a00},
		StartInfo: Span{0x4a00, 1},
		Tables:    Span{0x4a01, 3 + 38}, // an L1 for each 2 MiB
		Stack:     Span{0x4a2a, 1},
		Ramdisk:   Span{0x4c00, 2},
		P2M:       Span{0x4c02, 0x200},     // 2 MiB
		P2MTables: Span{0x4c02 + 0x200, 3}, // an L3, an L2, an L1
	}, l)
	assert.EqualValues(t, 0x4c02+0x200+3, l.Used())
	assert.EqualValues(t, 0x4a01, l.Root())
	assert.EqualValues(t, uint64(linuxBase+0x4a2b_000), l.StackEnd())
	assert.EqualValues(t, uint64(linuxBase+0x4a00_000), l.StartInfoAddress())

	// Another of 64 MiB with everything in the region, which is at 0.
	k = kernel{data: "x", size: 0x61_3dc8}
	require.Empty(t, layText(&l, k.image(t), &Config{Pages: 0x4000, Ramdisk: make([]byte, 0x1001)}))
	l.trees = [2]tree{}
	assert.Equal(t, Layout{
		Mapped: 0x800, p2mAddress: 0x61_6000,
		Kernel:    Span{0, 0x614},
		Ramdisk:   Span{0x614, 2},
		P2M:       Span{0x616, 0x20},
		StartInfo: Span{0x636, 1},
		Store:     Span{0x637, 1},
		Console:   Span{0x638, 1},
		Tables:    Span{0x639, 3 + 4},
		Stack:     Span{0x640, 1},
	}, l)
	assert.EqualValues(t, 0x800, l.Used(), "all that is mapped")
}

// TestPadding: the region ends on 4 MiB, with 512 KiB or more behind the stack.
func TestPadding(t *testing.T) {
	for size, mapped := range map[uint64]uint64{
		// Behind the kernel come 4 pages of p2m, 3 for start_info and rings, 5 page tables, the stack.
		0x37_3000: 0x400,
		0x37_3001: 0x800,
	} {
		k := kernel{data: "x", size: size}
		var l Layout
		require.Empty(t, layText(&l, k.image(t), &Config{Pages: 0x800}), size)
		assert.EqualValues(t, inPages(size)+4+3+l.Tables.Pages+1, l.Stack.end())
		assert.Equal(t, mapped, l.Mapped)
	}
}

func TestLayErrors(t *testing.T) {
	good := Config{Pages: 0x2000, Privileged: true}
	for _, x := range []struct {
		k    kernel
		c    Config
		want string
	}{
		{kernel{}, good, ""},
		{kernel{}, Config{Pages: 0x2000, Args: make([]byte, 1023)}, ""},
		{kernel{}, Config{Pages: 0x2000, Args: make([]byte, 1024)}, "the kernel's command line has 1024 bytes; the ABI has room for 1023"},
		{kernel{features: 1 << hypercall.XENFEAT_dom0}, good, ""},
		{kernel{features: 1}, Config{Pages: 0x2000}, ""},
		{kernel{features: 1}, good, "the kernel can't be domain 0: its Xen note SUPPORTED_FEATURES leaves out dom0"},
		{kernel{base: 0x7fff_ffc0_0000}, good, ""},
		{kernel{base: 0x7fff_ffff_0000}, good, "the kernel and what starts it would be at 0x7fffffff0000 with 4259840 bytes, and reach beyond the end of the address space or into 0x800000000000 to 0xffff880000000000, which no guest has"},
		{kernel{base: 0xffff_8000_0000_0000}, good, "the kernel and what starts it would be at 0xffff800000000000 with 4194304 bytes, and reach beyond the end of the address space or into 0x800000000000 to 0xffff880000000000, which no guest has"},
		{kernel{base: 0xffff_8800_0000_0000}, good, ""},
		{kernel{base: 0xffff_ffff_ff80_0000}, good, ""},
		{kernel{base: 0xffff_ffff_ffc0_0000}, good, "the kernel and what starts it would be at 0xffffffffffc00000 with 4194304 bytes, and reach beyond the end of the address space or into 0x800000000000 to 0xffff880000000000, which no guest has"},
		{kernel{base: 0xffff_ffff_ffff_e000}, good, "the kernel and what starts it would be at 0xffffffffffffe000 with 4202496 bytes, and reach beyond the end of the address space or into 0x800000000000 to 0xffff880000000000, which no guest has"},
		{kernel{p2m: 0x7fff_ffff_0000}, good, ""},
		{kernel{p2m: 0x7fff_ffff_1000}, good, "the p2m would be at 0x7fffffff1000 with 65536 bytes, as the Xen note INIT_P2M wants it, and reach beyond the end of the address space or into 0x800000000000 to 0xffff880000000000, which no guest has"},
		{kernel{p2m: 0xffff_ffff_ffff_f000}, good, "the p2m would be at 0xfffffffffffff000 with 65536 bytes, as the Xen note INIT_P2M wants it, and reach beyond the end of the address space or into 0x800000000000 to 0xffff880000000000, which no guest has"},
		{kernel{p2m: 0x40_0000}, good, ""},
		{kernel{p2m: 0x3f_f000}, good, "the p2m would be from 0x3ff000 to 0x40f000, as the Xen note INIT_P2M wants it, and overlap the kernel and what starts it, from 0x0 to 0x400000"},
		{kernel{base: 0x40_0000, p2m: 0x3f_1000}, good, "the p2m would be from 0x3f1000 to 0x401000, as the Xen note INIT_P2M wants it, and overlap the kernel and what starts it, from 0x400000 to 0x800000"},
		{kernel{}, Config{Pages: 0x3ff}, "memory of 4092 KiB is too small: the kernel ends at 1 MiB; with page tables and all it needs at least 4 MiB"},
		{kernel{}, Config{Pages: 1, Ramdisk: make([]byte, 20<<20-1)}, "memory of 4 KiB is too small: the kernel ends at 1 MiB, the ramdisk takes 20 MiB; with page tables and all it needs at least 24 MiB"},
		{kernel{mod: true, at: 1 << 43}, Config{Pages: 0x1000, Ramdisk: make([]byte, 20<<20-1)}, "memory of 16 MiB is too small: the kernel ends at 8388609 MiB, the ramdisk takes 20 MiB; with page tables and all it needs at least 8421560 MiB"},
	} {
		if x.k.data == "" {
			x.k.data = strings.Repeat("k", 0x1800)
		}
		assert.Equal(t, x.want, layText(new(Layout), x.k.image(t), &x.c))
	}
}

// TestLeastMemory: what an error says is needed is enough, and a MiB less is not.
func TestLeastMemory(t *testing.T) {
	for _, d := range domains {
		i, c, l := d.k.image(t), d.c, new(Layout)
		c.Pages = 1
		require.Contains(t, layText(l, i, &c), "too small")
		err := Lay(l, i, &c)
		c.Pages = err.n[3]
		assert.Empty(t, layText(l, i, &c), d.name)
		assert.LessOrEqual(t, l.pages(), c.Pages)
		c.Pages -= mib
		assert.Contains(t, layText(l, i, &c), "too small", d.name)
	}
}

// TestNumber: upper and lower half have one root.
func TestNumber(t *testing.T) {
	for _, v := range []frame.VAddr{0, 0x7fff_ffff_f000, 0xffff_8800_0000_0000, 0xffff_ffff_ffff_f000} {
		assert.Zero(t, number(v, levels))
	}
	assert.EqualValues(t, 511, number(0xffff_ffff_8000_0000, 3))
	assert.EqualValues(t, 511<<9|510, number(0xffff_ffff_8000_0000, 2))
}
