package boot

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
)

func TestMap(t *testing.T) {
	for name, c := range map[string]struct {
		raw  []Region
		want []Region
		bad  []string
	}{
		"a PC's": {
			raw: []Region{
				region(0, 0x9fc00, RAM), region(0x9fc00, 0xa0000, Reserved), region(0xf0000, 0x100000, Reserved),
				region(0x100000, 0x7fe0000, RAM), region(0x7fe0000, 0x8000000, Reserved),
			},
			want: []Region{
				region(0, 0x9f000, RAM), region(0x9fc00, 0xa0000, Reserved), region(0xf0000, 0x100000, Reserved),
				region(0x100000, 0x7fe0000, RAM), region(0x7fe0000, 0x8000000, Reserved),
			},
		},
		"unsorted, and neighbours merge": {
			raw:  []Region{region(0x3000, 0x5000, RAM), region(0x1000, 0x2000, RAM), region(0x2000, 0x3000, RAM)},
			want: []Region{region(0x1000, 0x5000, RAM)},
		},
		"RAM in pieces that only together make pages": {
			raw:  []Region{region(0x1000, 0x1800, RAM), region(0x1800, 0x2000, RAM)},
			want: []Region{region(0x1000, 0x2000, RAM)},
		},
		"the stricter type wins inside RAM": {
			raw: []Region{region(0x4000, 0x4800, ACPI), region(0, 0x10000, RAM), region(0x8000, 0x9000, NVS)},
			want: []Region{
				region(0, 0x4000, RAM), region(0x4000, 0x4800, ACPI), region(0x5000, 0x8000, RAM),
				region(0x8000, 0x9000, NVS), region(0x9000, 0x10000, RAM),
			},
		},
		"unusable wins over reserved": {
			raw:  []Region{region(0, 0x3000, Unusable), region(0x1000, 0x2000, Reserved), region(0x1000, 0x4000, RAM)},
			want: []Region{region(0, 0x3000, Unusable), region(0x3000, 0x4000, RAM)},
		},
		"unknown types forbid": {
			raw:  []Region{region(0, 0x4000, RAM), region(0x1000, 0x2000, 0), region(0x2000, 0x3000, 77)},
			want: []Region{region(0, 0x1000, RAM), region(0x1000, 0x3000, Reserved), region(0x3000, 0x4000, RAM)},
		},
		"less than a page of RAM": {
			raw: []Region{region(0x1001, 0x2fff, RAM), region(0x5000, 0x5001, ACPI)},
			// Nothing of it is a whole page.
			want: []Region{region(0x5000, 0x5001, ACPI)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			info := new(Info)
			for k, r := range c.raw {
				info.addRaw(k, uint64(r.Start), r.Size(), r.Type)
			}
			info.buildMap()
			assert.Equal(t, c.want, info.Regions())
			assert.Equal(t, c.bad, texts(info))
		})
	}
}

func TestMapEntriesAtTheEndOfMemory(t *testing.T) {
	info := new(Info)
	info.addRaw(0, 0, 16*mib, RAM)
	info.addRaw(1, 0xffff_ffff_ffff_f000, 0x2000, RAM)
	info.addRaw(2, 1<<51, 1<<52, RAM)
	info.addRaw(3, 0xffff_ffff_ffff_f000, 0x2000, Reserved)
	info.addRaw(4, 8*mib, 0xffff_ffff_ffff_ffff, Reserved)
	info.addRaw(5, 4*mib, 0, Reserved)
	info.buildMap()
	assert.Equal(t, []Region{region(0, 8*mib, RAM), {Range{8 * mib, addrEnd}, Reserved}}, info.Regions(),
		"what forbids memory is cut at the end, not ignored")
	assert.Equal(t, []string{
		"memory map entry 1 (0xfffffffffffff000, 0x2000 bytes) wraps or ends beyond physical memory; it is ignored",
		"memory map entry 2 (0x8000000000000, 0x10000000000000 bytes) wraps or ends beyond physical memory; it is ignored",
	}, texts(info))
}

func TestTooManyEntriesStillForbidRAM(t *testing.T) {
	info := new(Info)
	for k := range maxRaw {
		info.addRaw(k, uint64(k)*16*frame.PageSize, 16*frame.PageSize, RAM)
	}
	info.addRaw(maxRaw, 4*frame.PageSize, frame.PageSize, Reserved)     // above it is more
	info.addRaw(maxRaw+1, 28*frame.PageSize, frame.PageSize, ACPI)      // below it is more
	info.addRaw(maxRaw+2, 32*frame.PageSize, 16*frame.PageSize, NVS)    // nothing stays
	info.addRaw(maxRaw+3, 1<<40, frame.PageSize, RAM)                   // no room
	info.addRaw(maxRaw+4, 0xffff_ffff_f000, frame.PageSize, Persistent) // overlaps nothing
	info.buildMap()
	assert.Equal(t, []Region{
		region(5*frame.PageSize, 28*frame.PageSize, RAM),
		region(48*frame.PageSize, maxRaw*16*frame.PageSize, RAM),
	}, info.Regions())
	assert.Equal(t, []string{"memory map: 5 entries more than the 256 that fit; RAM in them is not used"}, texts(info))
}

func TestTooManyRegions(t *testing.T) {
	info := new(Info)
	for k := range 200 {
		info.addRaw(k, uint64(k)*2*frame.PageSize, frame.PageSize, RAM)
	}
	info.buildMap()
	require.Len(t, info.Regions(), MaxRegions)
	assert.EqualValues(t, MaxRegions*frame.PageSize, info.RAM())
	assert.Equal(t, []string{"memory map: 72 entries more than the 128 that fit; RAM in them is not used"}, texts(info))
}

func TestIsRAM(t *testing.T) {
	info := new(Info)
	info.addRaw(0, 0x1000, 0x2000, RAM)
	info.addRaw(1, 0x3000, 0x1000, ACPI)
	info.buildMap()
	assert.True(t, info.IsRAM(Range{0x1000, 0x3000}))
	assert.True(t, info.IsRAM(Range{0x1fff, 0x2001}))
	assert.False(t, info.IsRAM(Range{0x2000, 0x2000}), "empty")
	assert.False(t, info.IsRAM(Range{0xfff, 0x2000}))
	assert.False(t, info.IsRAM(Range{0x2000, 0x3001}))
	assert.False(t, info.IsRAM(Range{0x3000, 0x4000}))
	assert.EqualValues(t, 0x2000, info.RAM())
}

func TestRandomMapsAgreeWithASlowModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		info := new(Info)
		strict := map[Type]int{}
		for ty := RAM; ty <= Persistent; ty++ {
			strict[ty] = ty.strictness()
		}
		const pages = 64
		var want [pages]Type
		for k := range rng.IntN(20) {
			start, n := rng.IntN(pages), 1+rng.IntN(12)
			n = min(n, pages-start)
			ty := Type(1 + rng.IntN(7))
			info.addRaw(k, uint64(start)*frame.PageSize, uint64(n)*frame.PageSize, ty)
			for p := start; p < start+n; p++ {
				if want[p] == 0 || strict[ty] > strict[want[p]] {
					want[p] = ty
				}
			}
		}
		info.buildMap()
		var got [pages]Type
		for _, r := range info.Regions() {
			for a := r.Start; a < r.End; a += frame.PageSize {
				require.Zero(t, got[a/frame.PageSize])
				got[a/frame.PageSize] = r.Type
			}
		}
		require.Equal(t, want, got)
	}
}
