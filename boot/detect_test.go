package boot

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/frame"
	"tuco/kernel/layout"
)

func TestDetect(t *testing.T) {
	m := new(fakeMem)
	qemu.lay(m)
	m.put(0x8000, mbInfo(pcMap, endTag))
	assert.Equal(t, PVH, Detect(m.Bytes, 0, startAt))
	assert.Equal(t, PVH, Detect(m.Bytes, mbMagic, startAt), "EAX may hold anything under PVH")
	assert.Equal(t, Multiboot2, Detect(m.Bytes, mbMagic, 0x8000))
	assert.Equal(t, Multiboot2, Detect(m.Bytes, 0xffff_ffff_0000_0000|mbMagic, 0x8000))
	assert.Equal(t, Multiboot2, Detect(m.Bytes, mbMagic, 0x1234_5678), "an unreadable place is for the parser to report")
	assert.Equal(t, "PVH", PVH.String())
	assert.Equal(t, "multiboot2", Multiboot2.String())
}

func TestImageHasGaps(t *testing.T) {
	at := func(start, end frame.VAddr) Part { return Part{layout.ImageBase + start, layout.ImageBase + end} }
	h := Handoff{
		BootEnd: 0x10a100, TrampolineEnd: 0x10b0f0, SelftestEnd: 0x10b000,
		Text:   [TextParts]Part{at(0, 0x1234), at(0x4000, 0x5000), at(0x6000, 0x6001), at(0x8000, 0x12345)},
		Rodata: at(0x13000, 0x14000), Data: at(0x20000, 0x20001),
	}
	assert.Equal(t, Image{{0x100000, 0x10c000}, {0x213000, 0x214000}, {0x220000, 0x221000},
		{0x200000, 0x202000}, {0x204000, 0x205000}, {0x206000, 0x207000}, {0x208000, 0x213000}}, h.Image())
}
