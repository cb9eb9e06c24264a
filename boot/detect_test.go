package boot

import (
	"testing"

	"github.com/stretchr/testify/assert"

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
	h := Handoff{
		BootEnd: 0x10a100, TrampolineEnd: 0x10b0f0, SelftestEnd: 0x10b000,
		TextStart: layout.ImageBase, TextEnd: layout.ImageBase + 0x12345,
		RodataStart: layout.ImageBase + 0x13000, RodataEnd: layout.ImageBase + 0x14000,
		DataStart: layout.ImageBase + 0x20000, DataEnd: layout.ImageBase + 0x20001,
	}
	assert.Equal(t, Image{{0x100000, 0x10c000}, {0x200000, 0x213000}, {0x213000, 0x214000}, {0x220000, 0x221000}}, h.Image())
}
