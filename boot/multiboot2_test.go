package boot

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
)

func tag(typ uint32, v ...any) []byte {
	body := le(v...)
	b := le(typ, uint32(8+len(body)), body)
	return append(b, make([]byte, -len(b)&7)...)
}

func mbMapTag(size uint32, rs ...Region) []byte {
	var b []byte
	for _, r := range rs {
		e := le(r.Start, r.Size(), r.Type, uint32(0))
		b = append(b, append(e, make([]byte, size-memEntrySize)...)...)
	}
	return tag(mbMemoryMap, size, uint32(0), b)
}

// mbInfo puts the header before the tags.
func mbInfo(tags ...[]byte) []byte {
	var b []byte
	for _, t := range tags {
		b = append(b, t...)
	}
	return le(uint32(8+len(b)), uint32(0), b)
}

func parseMB(t *testing.T, b []byte) *Info {
	m := new(fakeMem)
	m.put(0x10000, b)
	info := new(Info)
	Parse(info, m.Bytes, Multiboot2, 0x10000, image)
	checkInvariants(t, info)
	return info
}

var (
	endTag = tag(mbEnd)
	pcMap  = mbMapTag(24, region(0, 0x9fc00, RAM), region(0x100000, 64*mib, RAM), region(64*mib, 65*mib, ACPI))
	oldTag = tag(mbRSDPOld, "RSD PTR ", make([]byte, 12))
	newTag = tag(mbRSDPNew, "RSD PTR ", make([]byte, 28))
)

func TestMultiboot2(t *testing.T) {
	info := parseMB(t, mbInfo(
		tag(mbCmdLine, "selftest", uint8(0)),
		tag(mbLoader, "GRUB 2.06", uint8(0)),
		tag(mbModule, uint32(32*mib), uint32(33*mib), "bundle a b", uint8(0)),
		tag(99, "unknown"),
		pcMap, newTag, oldTag, endTag, []byte("behind the end")))
	require.Empty(t, texts(info))
	line, truncated := info.CmdLine()
	assert.Equal(t, "selftest", string(line))
	assert.False(t, truncated)
	assert.Equal(t, "GRUB 2.06", string(info.Loader()))
	assert.Len(t, info.RSDPCopy(), 36)
	assert.Zero(t, info.RSDP)
	assert.Equal(t, []Region{region(0, 0x9f000, RAM), region(0x100000, 64*mib, RAM), region(64*mib, 65*mib, ACPI)}, info.Regions())
	require.Len(t, info.Modules(), 1)
	assert.Equal(t, "bundle a b", string(info.Modules()[0].Args()))
	assert.Equal(t, Range{32 * mib, 33 * mib}, info.Modules()[0].Range)
	assert.True(t, info.Modules()[0].Usable)

	assert.Len(t, parseMB(t, mbInfo(oldTag, pcMap, endTag)).RSDPCopy(), 20)
	assert.Len(t, parseMB(t, mbInfo(oldTag, newTag, pcMap, endTag)).RSDPCopy(), 36)
}

func TestMultiboot2WithoutAMap(t *testing.T) {
	info := parseMB(t, mbInfo(tag(mbBasicMem, uint32(639), uint32(63<<10)), endTag))
	assert.Equal(t, []string{"the loader gave no memory map, only sizes; 63 MiB of RAM above 1 MiB is taken"}, texts(info))
	assert.Equal(t, []Region{region(mib, 64*mib, RAM)}, info.Regions())

	const none = "fatal: the loader gave no memory map; boot by a loader that does, such as QEMU's -kernel or GRUB's multiboot2"
	assert.Equal(t, []string{none}, texts(parseMB(t, mbInfo(endTag))))
	assert.Equal(t, []string{none}, texts(parseMB(t, mbInfo(tag(mbBasicMem, uint32(639), uint32(0)), endTag))))
	assert.Equal(t, []string{none}, texts(parseMB(t, mbInfo(tag(mbBasicMem, uint32(639)), endTag))))
	assert.Equal(t, []string{"memory map entries of 23 bytes are too short; the map is ignored", none},
		texts(parseMB(t, mbInfo(tag(mbMemoryMap, uint32(23), uint32(0), make([]byte, 46)), endTag))))
	assert.Equal(t, []string{"memory map entries of 0 bytes are too short; the map is ignored", none},
		texts(parseMB(t, mbInfo(tag(mbMemoryMap, uint32(0), uint32(0), make([]byte, 46)), endTag))))
	assert.Equal(t, []string{"multiboot2: tag of type 6 at offset 0x8 has the impossible size 12; it is ignored", none},
		texts(parseMB(t, mbInfo(tag(mbMemoryMap, uint32(24)), endTag))))
}

func TestMultiboot2LargerMapEntries(t *testing.T) {
	info := parseMB(t, mbInfo(mbMapTag(40, region(0, 0x9f000, RAM), region(0x100000, 64*mib, RAM)), endTag))
	assert.Empty(t, texts(info))
	assert.Equal(t, []Region{region(0, 0x9f000, RAM), region(0x100000, 64*mib, RAM)}, info.Regions())
}

func TestMultiboot2Garbage(t *testing.T) {
	info := new(Info)
	Parse(info, new(fakeMem).Bytes, Multiboot2, 0x1234, image)
	assert.Equal(t, []string{"fatal: the loader's information at 0x1234 (8 bytes) is not in memory that can be read"}, texts(info))
	for _, total := range []uint32{0, 7, 4096, 0xffffffff} {
		b := mbInfo(pcMap, endTag)
		copy(b, le(total))
		info := parseMB(t, b)
		_, bad := info.Fatal()
		assert.True(t, bad, "total size %d", total)
	}

	assert.Equal(t, []string{"multiboot2: tag of type 7 at offset 0x60 has the impossible size 4; it and what follows is ignored"},
		texts(parseMB(t, mbInfo(pcMap, le(uint32(7), uint32(4)), endTag))), "what came before still counts")
	assert.Equal(t, []string{"multiboot2: tag of type 7 at offset 0x60 has the impossible size 4294967295; it and what follows is ignored"},
		texts(parseMB(t, mbInfo(pcMap, le(uint32(7), uint32(0xffffffff)), endTag))))
	assert.Equal(t, []string{"multiboot2: the tags have no end tag by offset 0x60"}, texts(parseMB(t, mbInfo(pcMap))))
	assert.Equal(t, []string{"multiboot2: the ACPI root in a tag of type 15 has 20 bytes; it is ignored"},
		texts(parseMB(t, mbInfo(pcMap, tag(mbRSDPNew, make([]byte, 20)), endTag))))
}

func TestMultiboot2Modules(t *testing.T) {
	tags := [][]byte{pcMap,
		tag(mbModule, uint32(33*mib), uint32(32*mib), "ends before it begins", uint8(0)),
		tag(mbModule, uint32(32*mib), uint32(33*mib), strings.Repeat("s", 300)),
		tag(mbModule, uint32(1)),
	}
	info := parseMB(t, mbInfo(append(tags, endTag)...))
	assert.Equal(t, []string{
		"module 0 (0x2100000, 0xfffffffffff00000 bytes) ends beyond physical memory; it is ignored",
		"the string of module 1 is longer than 256 bytes; the rest is ignored",
		"multiboot2: tag of type 3 at offset 0x1c8 has the impossible size 12; it is ignored",
	}, texts(info))
	assert.False(t, info.Modules()[0].Usable)
	assert.True(t, info.Modules()[1].Usable)

	tags = [][]byte{pcMap}
	for k := range MaxModules + 1 {
		tags = append(tags, tag(mbModule, uint32(32+k)*mib, uint32(33+k)*mib, uint8(0)))
	}
	info = parseMB(t, mbInfo(append(tags, endTag)...))
	assert.Equal(t, []string{"17 modules given; only the first 16 are used"}, texts(info))
}

func TestMultiboot2LongCommandLine(t *testing.T) {
	info := parseMB(t, mbInfo(tag(mbCmdLine, strings.Repeat("x", 5000), uint8(0)), pcMap, endTag))
	line, truncated := info.CmdLine()
	assert.Len(t, line, CmdLineMax)
	assert.True(t, truncated)
}

func FuzzMultiboot2(f *testing.F) {
	f.Add(mbInfo(tag(mbCmdLine, "selftest", uint8(0)), tag(mbLoader, "GRUB 2.06", uint8(0)),
		tag(mbModule, uint32(32*mib), uint32(33*mib), "bundle", uint8(0)), pcMap, newTag, oldTag, endTag))
	f.Add(mbInfo(tag(mbBasicMem, uint32(639), uint32(63<<10)), endTag))
	f.Add(mbInfo(pcMap, le(uint32(7), uint32(0xffffffff))))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := new(fakeMem)
		m.put(frame.MAddr(0x1000), b)
		info := new(Info)
		Parse(info, m.Bytes, Multiboot2, 0x1000, image)
		checkInvariants(t, info)
	})
}
