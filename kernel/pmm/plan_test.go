package pmm

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
)

func TestPlanSize(t *testing.T) {
	tests := []struct {
		name        string
		ram         []bytes
		infos, most uint64 // records exactly; bytes at most
	}{
		{"64 MiB", []bytes{{0, 640 * kib}, {mib, 64 * mib}}, 1 << 14, 400 * kib},
		{"1 GiB", []bytes{{0, 640 * kib}, {mib, gib}}, 1 << 18, 6*mib + 4*kib},
		{"a PC with 4 GiB", bigPC, 4<<18 - 32, 24*mib + 4*kib},
		{"a hole of a terabyte", []bytes{{mib, gib}, {tib, tib + gib}}, 2<<18 - 256, 12*mib + 20*kib},
		{"one frame at the limit", []bytes{{Limit - 4*kib, Limit}}, 1, 200 * kib},
		{"begins and ends within a section", []bytes{{gib + 512*mib, gib + 513*mib}}, 256, 8 * kib},
		{"a stretch across sections", []bytes{{gib - mib, 2*gib + mib}}, 1<<18 + 512, 6*mib + 20*kib},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := memoryMap(t, test.ram)
			p, r := m.Plan(everywhere)
			if test.infos == 1 {
				require.Equal(t, NoMemory, r, "its own record does not fit")
			} else {
				require.Equal(t, OK, r)
			}
			assert.Equal(t, test.infos, p.infos)
			assert.LessOrEqual(t, p.Frames*frame.PageSize, test.most)
			assert.Zero(t, p.infosOffset()%64, "records begin a cache line")
			assert.LessOrEqual(t, p.bytes(), p.Frames*frame.PageSize)
		})
	}
}

func TestPlanPlace(t *testing.T) {
	m := memoryMap(t, bigPC)
	p, r := m.Plan(frame.Between(0x100, 0x40000)) // what boot has mapped, say
	require.Equal(t, OK, r)
	assert.Equal(t, frame.MFN(0x40000-p.Frames), p.At)
	again, _ := m.Take(1, 1, frame.Between(0x100, 0x40000))
	assert.Equal(t, p.At-1, again, "the room is reserved")
}

func TestPlanWithoutRoom(t *testing.T) {
	var none Map
	_, r := none.Plan(everywhere)
	assert.Equal(t, NoMemory, r)
	_, r = memoryMap(t, []bytes{{mib, gib}}, bytes{2 * mib, gib}).Plan(everywhere)
	assert.Equal(t, NoMemory, r)
}

// Every frame of RAM has a record of its own, and no other frame's; what lies
// between ranges of RAM within a section is a hole.
func TestRecords(t *testing.T) {
	maps := map[string][]bytes{
		"pc":         pc,
		"small":      {{0x3000, 0x9000}, {0xb000, 0x10000}, {2 * mib, 4 * mib}},
		"far":        {{mib, 3 * mib}, {tib + mib, tib + 2*mib}},
		"at borders": {{gib - 8*kib, gib + 8*kib}, {2*gib - 4*kib, 2 * gib}, {3 * gib, 3*gib + 16*mib}},
	}
	for name, ram := range maps {
		t.Run(name, func(t *testing.T) {
			m := memoryMap(t, ram)
			p, r := m.Plan(everywhere)
			require.Equal(t, OK, r)
			var records records
			records.build(m, &p, room(p))
			n, last := uint64(0), frame.MFN(0)
			seen := make([]bool, p.infos)
			for r, ok := m.NextRAM(0); ok; r, ok = m.NextRAM(r.End) {
				for f := last; f < min(r.Start, last+0x1000); f++ {
					info := records.at(f)
					if info != nil && info.state != hole {
						require.Fail(t, "not a hole", "frame %#x", f)
					}
				}
				for f := r.Start; f < r.End; f++ {
					info := records.at(f)
					if info == nil || info.state != reserved {
						require.Fail(t, "no record", "frame %#x", f)
					}
					s := records.sections[f/sectionFrames]
					i := uint64(s.index) + uint64(f%sectionFrames) - uint64(s.start)
					if &records.infos[i] != info || seen[i] {
						require.Fail(t, "record shared", "frame %#x", f)
					}
					seen[i] = true
					n++
				}
				last = r.End
			}
			assert.Nil(t, records.at(last))
			assert.Nil(t, records.at(frame.NoMFN))
			assert.Nil(t, records.run(frame.NoMFN, 1))
			assert.Nil(t, records.run(last-1, 2))
			assert.Positive(t, n)
		})
	}
}
