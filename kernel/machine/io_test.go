package machine

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/boot"
	"tuco/kernel/frame"
)

func TestReserveInMap(t *testing.T) {
	between := func(start, end frame.MAddr) boot.Range { return boot.Range{Start: start, End: end} }
	ram := boot.Region{Range: between(0, 0x9000), Type: boot.RAM}
	rom := boot.Region{Range: between(0xf000, 0x10000), Type: boot.Reserved}
	SetMemoryMap([]boot.Region{ram, rom})
	for _, r := range []boot.Range{between(0x8000, 0xa000), between(0xe000, 0xf001), between(0xf000, 0xf001), between(0, 0x10000)} {
		ReserveInMap(r)
		assert.Equal(t, []boot.Region{ram, rom}, MemoryMap, "of %v something is known", r)
	}
	reserved := func(start, end frame.MAddr) boot.Region {
		return boot.Region{Range: between(start, end), Type: boot.Reserved}
	}
	ReserveInMap(between(0x10000, 0x11000))
	ReserveInMap(between(0x9000, 0xa000))
	ReserveInMap(between(0xb000, 0xc000))
	all := []boot.Region{ram, reserved(0x9000, 0xa000), reserved(0xb000, 0xc000), rom, reserved(0x10000, 0x11000)}
	assert.Equal(t, all, MemoryMap)

	for i := range frame.MAddr(2 * len(mapRoom)) {
		ReserveInMap(between(0x20000+2*i, 0x20000+2*i+1))
	}
	assert.Len(t, MemoryMap, len(mapRoom), "no more than there is room for")
	assert.Equal(t, all, MemoryMap[:len(all)])
}
