package pvbuild

import (
	"encoding/binary"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
	"tuco/kernel/pvelf"
)

// domains are the kinds that differ in what is where.
var domains = []struct {
	name string
	k    kernel
	c    Config
}{
	{"linux", kernel{base: linuxBase, at: 0x100_0000, data: data(70_001), size: 0x60_0000, p2m: linuxP2M, mod: true}, Config{Pages: 0x8000, Privileged: true}},
	{"linux with a ramdisk", kernel{base: linuxBase, at: 0x100_0000, data: data(70_001), p2m: linuxP2M, mod: true}, Config{Pages: 0x8001, Privileged: true, Ramdisk: []byte(data(12_345))}},
	{"unprivileged linux", kernel{base: linuxBase, at: 0x100_0000, data: data(70_001), p2m: linuxP2M, mod: true}, Config{Pages: 0x8001, Ramdisk: []byte(data(0x2000)), StorePort: 1, ConsolePort: 2}},
	{"grub", kernel{data: data(60_000), size: 0x61_3dc8}, Config{Pages: 0x4000, StorePort: 3, ConsolePort: 4, Ramdisk: []byte(data(1))}},
	{"all in the region", kernel{base: 0x40_0000, at: 0x1234, data: data(9_999), page: true}, Config{Pages: 0x1_0000, Ramdisk: []byte(data(54_321)), StorePort: 5, ConsolePort: 6, Privileged: true}},
	{"beyond 1 GiB", kernel{base: 0x3fc0_0000, data: data(5000)}, Config{Pages: 0x1000}},
	{"beyond 512 GiB", kernel{base: 0x7f_ffc0_0000, data: data(5000), size: 0x50_0000}, Config{Pages: 0x2000}},
	{"more than an L2 of it", kernel{base: 0x1000, at: 0x1000, data: "x", size: 0x4321_0000}, Config{Pages: 0x4_8000}},
	{"p2m right behind the region", kernel{base: 0x1f_f000, data: data(5000), p2m: 0x80_0000}, Config{Pages: 0x4000}},
	{"p2m right before the region", kernel{base: 0x1f_f000, data: data(5000), p2m: 0x1f_b000}, Config{Pages: 0x400 + 0x3ff}},
	{"p2m across 512 GiB", kernel{base: 0xffff_ff80_0000_0000, data: data(5000), p2m: 0xffff_ff7f_ffff_8000}, Config{Pages: 0x1000 - 511}},
}

func TestBuild(t *testing.T) {
	for _, d := range domains {
		t.Run(d.name, func(t *testing.T) {
			i, f, l := d.k.image(t), newFake(t, d.c.Pages), new(Layout)
			d.c.SharedInfo, d.c.Args = 0x777, []byte("console=hvc0 "+d.name)
			require.Empty(t, layText(l, i, &d.c))
			Build(l, i, &d.c, &f.Memory)
			x := &check{t: t, k: &d.k, c: &d.c, f: f, l: l, root: f.Frames[l.Root()]}
			x.mappings()
			x.contents(i)
			x.startInfo()
		})
	}
}

// check is a look at a finished domain, by the guest's addresses.
type check struct {
	t    *testing.T
	k    *kernel
	c    *Config
	f    *fake
	l    *Layout
	root frame.MFN
}

// walk translates like a processor.
func (x *check) walk(v uint64) pagetype.PTE {
	m, writable, flags := x.root, true, pagetype.Present|pagetype.User|pagetype.Accessed
	for shift := 39; ; shift -= 9 {
		e := pagetype.PTE(binary.LittleEndian.Uint64(x.f.Page(m)[v>>shift&511*8:]))
		if e == 0 {
			return 0
		}
		if e&flags != flags || e&^(flags|pagetype.RW|pagetype.Dirty|pagetype.MakePTE(e.MFN(), 0)) != 0 {
			require.Fail(x.t, "wrong entry", "for %#x: %#x", v, e)
		}
		writable = writable && e&pagetype.RW != 0
		m = e.MFN()
		if shift == 12 {
			if !writable {
				e &^= pagetype.RW
			}
			return e
		}
	}
}

// read reads n bytes at a virtual address.
func (x *check) read(v, n uint64) (b []byte) {
	for n > 0 {
		e := x.walk(v)
		require.NotZero(x.t, e, "%#x is mapped", v)
		part := x.f.Page(e.MFN())[v%frame.PageSize:]
		part = part[:min(n, uint64(len(part)))]
		b = append(b, part...)
		v, n = v+uint64(len(part)), n-uint64(len(part))
	}
	return b
}

// mappings compares everything that is mapped, wherever, with what should be.
func (x *check) mappings() {
	t, l := x.t, x.l
	type page struct {
		m        frame.MFN
		readOnly bool
	}
	want := map[uint64]page{}
	for p := range frame.PFN(l.Mapped) {
		ro := p >= l.Tables.First && p < l.Tables.end()
		want[uint64(l.Address(p))] = page{x.f.Frames[p], ro}
	}
	if x.k.p2m != 0 {
		for n := range l.P2M.Pages {
			v := x.k.p2m + n*frame.PageSize
			require.NotContains(t, want, v)
			want[v] = page{x.f.Frames[uint64(l.P2M.First)+n], false}
		}
	}
	got := map[uint64]page{}
	seen := map[frame.MFN]bool{}
	var visit func(m frame.MFN, level int, v uint64)
	visit = func(m frame.MFN, level int, v uint64) {
		require.False(t, seen[m], "a table is used once")
		seen[m] = true
		for k := range uint64(pagetype.Entries) {
			at := v | k<<(3+9*level)
			if level == levels && k >= 256 {
				require.False(t, k < pagetype.EndSlot && binary.LittleEndian.Uint64(x.f.Page(m)[8*k:]) != 0, "a slot of the hypervisor's")
				at |= 0xffff << 48
			}
			switch e := pagetype.PTE(binary.LittleEndian.Uint64(x.f.Page(m)[8*k:])); {
			case e == 0:
			case level > 1:
				visit(e.MFN(), level-1, at)
			default:
				e = x.walk(at)
				got[at] = page{e.MFN(), e&pagetype.RW == 0}
			}
		}
	}
	visit(x.root, levels, 0)
	require.Equal(t, len(want), len(got))
	require.True(t, maps.Equal(want, got))
	// The tables are exactly the frames that are meant for them.
	for _, s := range []Span{l.Tables, l.P2MTables} {
		for p := s.First; p < s.end(); p++ {
			require.True(t, seen[x.f.Frames[p]])
			delete(seen, x.f.Frames[p])
		}
	}
	require.Empty(t, seen)
}

// contents compares kernel, ramdisk and p2m, and that what nobody writes stays zero.
func (x *check) contents(i *pvelf.Image) {
	t, l := x.t, x.l
	v := x.k.base + x.k.at
	require.EqualValues(t, v, i.Entry)
	loaded := []byte(x.k.data)
	if x.k.page {
		var p page
		fillHypercallPage(&p)
		copy(loaded[frame.PageSize-x.k.at%frame.PageSize:], p[:])
	}
	require.Equal(t, loaded, x.read(v, uint64(len(loaded))))
	for p := l.Kernel.First; p < l.Kernel.end(); p++ {
		for at, b := range x.f.Page(x.f.Frames[p]) {
			a := uint64(p)*frame.PageSize + uint64(at)
			if b != 0 && (a < x.k.at || a >= x.k.at+uint64(len(loaded))) {
				require.Fail(t, "not zero", "%#x", a)
			}
		}
	}
	var disk []byte
	for p := l.Ramdisk.First; p < l.Ramdisk.end(); p++ {
		disk = append(disk, x.f.Page(x.f.Frames[p])...)
	}
	require.Equal(t, x.c.Ramdisk, disk[:len(x.c.Ramdisk):len(x.c.Ramdisk)])
	require.Empty(t, trimZeroes(disk[len(x.c.Ramdisk):]))
	for _, s := range []Span{l.Store, l.Console, l.Stack, {l.Stack.end(), l.Mapped - uint64(l.Stack.end())}} {
		for p := s.First; p < s.end(); p++ {
			if len(trimZeroes(x.f.Page(x.f.Frames[p]))) > 0 {
				require.Fail(t, "not zero", "PFN %#x", p)
			}
		}
	}
}

func trimZeroes(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// startInfo compares what the kernel is told with where everything is.
func (x *check) startInfo() {
	t, l, c := x.t, x.l, x.c
	s := new(hypercall.StartInfo)
	_, err := binary.Decode(x.read(uint64(l.StartInfoAddress()), frame.PageSize), binary.LittleEndian, s)
	require.NoError(t, err)
	assert.Equal(t, magic, string(s.Magic[:len(magic)]))
	assert.Empty(t, trimZeroes(s.Magic[len(magic):]))
	assert.Equal(t, c.Pages, s.NrPages)
	assert.EqualValues(t, 0x777_000, s.SharedInfo)
	assert.EqualValues(t, l.Address(l.Tables.First), s.PTBase)
	assert.Equal(t, l.Tables.Pages, s.NrPTFrames)
	assert.Equal(t, string(c.Args), string(s.CmdLine[:len(c.Args)]))
	assert.Empty(t, trimZeroes(s.CmdLine[len(c.Args):]))
	flags := uint32(0)
	if c.Privileged {
		flags = hypercall.SIF_PRIVILEGED | hypercall.SIF_INITDOMAIN
		assert.Zero(t, s.StoreMFN)
		assert.Zero(t, s.StoreEvtchn)
		assert.Zero(t, s.ConsoleMFN)
		assert.Zero(t, s.ConsoleEvtchn)
		assert.Zero(t, l.Store.Pages+l.Console.Pages)
	} else {
		assert.EqualValues(t, x.f.Frames[l.Store.First], s.StoreMFN)
		assert.EqualValues(t, x.f.Frames[l.Console.First], s.ConsoleMFN)
		assert.Equal(t, c.StorePort, s.StoreEvtchn)
		assert.Equal(t, c.ConsolePort, s.ConsoleEvtchn)
	}
	assert.EqualValues(t, len(c.Ramdisk), s.ModLen)
	switch {
	case c.Ramdisk == nil:
		assert.Zero(t, s.ModStart)
	case x.k.mod:
		flags |= hypercall.SIF_MOD_START_PFN
		assert.EqualValues(t, l.Mapped, s.ModStart)
	default:
		assert.Equal(t, string(c.Ramdisk), string(x.read(s.ModStart, s.ModLen)))
	}
	assert.Equal(t, flags, s.Flags)
	if x.k.p2m != 0 {
		assert.Equal(t, x.k.p2m, s.MFNList)
		assert.EqualValues(t, l.Mapped+l.unmappedRamdisk(), s.FirstP2MPFN)
		assert.Equal(t, l.P2M.Pages+l.P2MTables.Pages, s.NrP2MFrames)
	} else {
		assert.Zero(t, s.FirstP2MPFN)
		assert.Zero(t, s.NrP2MFrames)
	}
	p2m := x.read(s.MFNList, c.Pages*8)
	for p, m := range x.f.Frames {
		if uint64(m) != binary.LittleEndian.Uint64(p2m[8*p:]) {
			require.Fail(t, "wrong p2m", "of PFN %#x", p)
		}
	}
}
