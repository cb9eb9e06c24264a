package boot

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
)

// pvh describes a start_info; zero addresses are filled in by lay.
type pvh struct {
	version uint32
	cmdline string
	modules []pvhMod
	regions []Region
}

type pvhMod struct {
	start, size uint64
	args        string
}

const startAt = 0x21e0

func (p pvh) lay(m *fakeMem) {
	var cmdAt, listAt, mapAt frame.MAddr
	if p.cmdline != "" {
		cmdAt = m.putPage(0x10000, le(p.cmdline, uint8(0)))
	}
	if len(p.modules) > 0 {
		var list []byte
		for k, mod := range p.modules {
			var args frame.MAddr
			if mod.args != "" {
				args = m.putPage(0x40000+frame.MAddr(k)*0x1000, le(mod.args, uint8(0)))
			}
			list = append(list, le(mod.start, mod.size, args, uint64(0))...)
		}
		listAt = m.put(0x20000, list)
	}
	if len(p.regions) > 0 {
		var table []byte
		for _, r := range p.regions {
			table = append(table, le(r.Start, r.Size(), r.Type, uint32(0))...)
		}
		mapAt = m.put(0x30000, table)
	}
	b := le(uint32(startMagic), p.version, uint32(0), uint32(len(p.modules)), listAt, cmdAt, uint64(0xf5a20))
	if p.version > 0 {
		b = append(b, le(mapAt, uint32(len(p.regions)), uint32(0))...)
	}
	m.put(startAt, b)
}

func (p pvh) parse(t *testing.T) *Info {
	m := new(fakeMem)
	p.lay(m)
	info := new(Info)
	Parse(info, m.Bytes, PVH, startAt, image)
	checkInvariants(t, info)
	return info
}

// qemu is what QEMU 7.2 passes with -m 128 and an initrd.
var qemu = pvh{
	version: 1,
	cmdline: "selftest loglvl=debug",
	modules: []pvhMod{{0x7fbf000, 0x1000, "bundle"}},
	regions: []Region{
		region(0, 0x9fc00, RAM), region(0x9fc00, 0xa0000, Reserved), region(0xf0000, 0x100000, Reserved),
		region(0x100000, 0x7fe0000, RAM), region(0x7fe0000, 0x8000000, Reserved), region(0xfffc0000, 0x100000000, Reserved),
	},
}

func TestPVH(t *testing.T) {
	info := qemu.parse(t)
	require.Empty(t, texts(info))
	line, truncated := info.CmdLine()
	assert.Equal(t, "selftest loglvl=debug", string(line))
	assert.False(t, truncated)
	assert.Equal(t, PVH, info.Protocol)
	assert.Equal(t, frame.MAddr(0xf5a20), info.RSDP)
	assert.Empty(t, info.RSDPCopy())
	assert.Len(t, info.Regions(), 6)
	assert.EqualValues(t, 0x9f000+0x7ee0000, info.RAM())
	require.Len(t, info.Modules(), 1)
	mod := info.Modules()[0]
	assert.True(t, mod.Usable)
	assert.Equal(t, Range{0x7fbf000, 0x7fc0000}, mod.Range)
	assert.Equal(t, "bundle", string(mod.Args()))
}

func TestPVHCopiesEverything(t *testing.T) {
	m := new(fakeMem)
	qemu.lay(m)
	info, want := new(Info), new(Info)
	Parse(info, m.Bytes, PVH, startAt, image)
	*want = *info
	for _, p := range m.pieces {
		for k := range p.b {
			p.b[k] = 0xcc
		}
	}
	line, _ := info.CmdLine()
	assert.Equal(t, "selftest loglvl=debug", string(line))
	assert.Equal(t, want, info)
}

func TestPVHWithoutAMap(t *testing.T) {
	v0 := qemu
	v0.version = 0
	info := v0.parse(t)
	assert.Equal(t, []string{"fatal: the loader gave no memory map; boot by a loader that does, such as QEMU's -kernel or GRUB's multiboot2"}, texts(info))
	line, _ := info.CmdLine()
	assert.Equal(t, "selftest loglvl=debug", string(line), "how to log must be known even so")

	empty := qemu
	empty.regions = nil
	assert.Equal(t, []string{"fatal: the loader gave no memory map; boot by a loader that does, such as QEMU's -kernel or GRUB's multiboot2"}, texts(empty.parse(t)))

	noRAM := qemu
	noRAM.regions = []Region{region(0, 0xa0000, Reserved), region(0x100000, 0x100800, RAM)}
	assert.Equal(t, []string{"fatal: no usable RAM in the loader's memory map of 1 regions"}, texts(noRAM.parse(t)))
}

func TestPVHGarbage(t *testing.T) {
	info := new(Info)
	Parse(info, new(fakeMem).Bytes, PVH, 0x1234, image)
	assert.Equal(t, []string{"fatal: the loader's information at 0x1234 (40 bytes) is not in memory that can be read"}, texts(info))

	m := new(fakeMem)
	m.put(0x1000, make([]byte, 64))
	Parse(info, m.Bytes, PVH, 0x1000, image)
	assert.Equal(t, []string{"fatal: the loader's information at 0x1000 begins with 0x0 instead of 0x336ec578 (QEMU overwrites it if the command line is longer than 4095 bytes)"}, texts(info))

	// Version 1, but memory ends behind version 0's part.
	m = new(fakeMem)
	m.put(0x1000, le(uint32(startMagic), uint32(1), make([]byte, 32)))
	Parse(info, m.Bytes, PVH, 0x1000, image)
	assert.Equal(t, []string{"fatal: the loader's information at 0x1000 (56 bytes) is not in memory that can be read"}, texts(info))

	// All addresses lead nowhere.
	m = new(fakeMem)
	bad := uint64(0xffff_ffff_ffff_fff0)
	m.put(0x1000, le(uint32(startMagic), uint32(1), uint32(0), uint32(3), bad, bad, bad, bad, uint32(9), uint32(0)))
	Parse(info, m.Bytes, PVH, 0x1000, image)
	assert.Equal(t, []string{
		"the command line at 0xfffffffffffffff0 is not in memory that can be read; it is ignored",
		"the entry of module 0 at 0xfffffffffffffff0 is not in memory that can be read; it and what follows is ignored",
		"memory map entry 0 at 0xfffffffffffffff0 is not in memory that can be read; it and what follows is ignored",
		"fatal: the loader gave no memory map; boot by a loader that does, such as QEMU's -kernel or GRUB's multiboot2",
	}, texts(info))
}

func TestCommandLineLengths(t *testing.T) {
	p := qemu
	p.cmdline = strings.Repeat("x", CmdLineMax)
	info := p.parse(t)
	line, truncated := info.CmdLine()
	assert.Len(t, line, CmdLineMax)
	assert.False(t, truncated)
	assert.Empty(t, texts(info))

	p.cmdline += "yz"
	info = p.parse(t)
	line, truncated = info.CmdLine()
	assert.Equal(t, p.cmdline[:CmdLineMax], string(line))
	assert.True(t, truncated)
	assert.Equal(t, []string{"the command line is longer than 4096 bytes; the rest is ignored"}, texts(info))
}

func TestCommandLineWithoutAnEnd(t *testing.T) {
	m := new(fakeMem)
	qemu.lay(m)
	m.pieces[0].b = []byte(strings.Repeat("x", 0x1000)) // it was put first; memory ends behind the page
	info := new(Info)
	Parse(info, m.Bytes, PVH, startAt, image)
	assert.Equal(t, []string{"the command line at 0x10000 is not in memory that can be read; it is ignored"}, texts(info))
	line, _ := info.CmdLine()
	assert.Empty(t, line)
}

func TestModules(t *testing.T) {
	p := qemu
	p.regions = []Region{region(0, 0x9f000, RAM), region(0x100000, 64*mib, RAM), region(64*mib, 65*mib, Reserved)}
	p.modules = []pvhMod{
		{32 * mib, mib + 5, "good"},
		{64*mib - 5, 10, "reaches into reserved memory"},
		{3 << 30, mib, "where nothing is"},
		{0x3ff000, 0x2000, "ends behind the image"},
		{33 * mib, mib, "overlaps the first by 5 bytes"},
		{0xffff_ffff_ffff_f000, 0x2000, "wraps"},
		{40 * mib, 0, "empty"},
		{41 * mib, 1, strings.Repeat("a", ModuleArgsMax+1)},
		{0x1ff000, 0x1000, "ends where the image begins"},
		{0x101ffe, 1, "in the image's low part"},
		{0x102000, 1, "between its parts"},
	}
	info := p.parse(t)
	assert.Equal(t, []string{
		"module 5 (0xfffffffffffff000, 0x2000 bytes) ends beyond physical memory; it is ignored",
		"module 6 at 0x2800000 is empty; it is ignored",
		"the string of module 7 is longer than 256 bytes; the rest is ignored",
		"module 1 (0x3fffffb, 0xa bytes) is not in RAM; it is ignored",
		"module 2 (0xc0000000, 0x100000 bytes) is not in RAM; it is ignored",
		"module 3 (0x3ff000, 0x2000 bytes) overlaps the hypervisor's image; it is ignored",
		"module 4 at 0x2100000 overlaps module 0; it is ignored",
		"module 9 (0x101ffe, 0x1 bytes) overlaps the hypervisor's image; it is ignored",
	}, texts(info))
	var usable []int
	for k, m := range info.Modules() {
		if m.Usable {
			usable = append(usable, k)
		}
	}
	assert.Equal(t, []int{0, 7, 8, 10}, usable)
	assert.Len(t, info.Modules()[7].Args(), ModuleArgsMax)
}

func TestTooManyModules(t *testing.T) {
	p := qemu
	p.modules = nil
	for k := range MaxModules + 3 {
		p.modules = append(p.modules, pvhMod{start: uint64(16+k) * mib, size: 1})
	}
	info := p.parse(t)
	assert.Len(t, info.Modules(), MaxModules)
	assert.Equal(t, []string{"19 modules given; only the first 16 are used"}, texts(info))
}

func TestProblemsAreBounded(t *testing.T) {
	p := qemu
	for range 40 {
		p.regions = append(p.regions, region(0xffff_ffff_ffff_f000, 0xffff_ffff_ffff_f800, RAM))
	}
	info := p.parse(t)
	list, dropped := info.Problems()
	assert.Len(t, list, maxProblems)
	assert.Equal(t, 40-maxProblems, dropped)
}

// FuzzPVH gives the parser a start_info whose table addresses point into the
// fuzzed bytes more often than not.
func FuzzPVH(f *testing.F) {
	const base = 0x1000
	good := le(uint32(startMagic), uint32(1), uint32(0), uint32(1), uint64(base+56), uint64(base+200), uint64(0), uint64(base+88), uint32(2), uint32(0),
		uint64(0x500000), uint64(0x1000), uint64(base+200), uint64(0),
		uint64(0), uint64(0x9fc00), RAM, uint32(0), uint64(0x100000), uint64(0x7000000), RAM, uint32(0))
	page := make([]byte, frame.PageSize)
	copy(page, good)
	copy(page[200:], "selftest")
	f.Add(page)
	f.Add(good)
	f.Fuzz(func(t *testing.T, b []byte) {
		m := new(fakeMem)
		m.put(base, b)
		info := new(Info)
		Parse(info, m.Bytes, PVH, base, image)
		checkInvariants(t, info)
	})
}
