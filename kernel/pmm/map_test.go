package pmm

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
)

// pair is a range that can be written short.
type pair [2]frame.MFN

func (m *Map) all(next func(frame.MFN) (frame.Range, bool)) (got []pair) {
	for r, ok := next(0); ok; r, ok = next(r.End) {
		got = append(got, pair{r.Start, r.End})
	}
	return
}

func TestMap(t *testing.T) {
	tests := []struct {
		name          string
		ram, reserved []bytes
		want          []pair
	}{
		{"empty", nil, nil, nil},
		{"one", []bytes{{0x1000, 0x5000}}, nil, []pair{{1, 5}}},
		{"partial frames do not count", []bytes{{0x1001, 0x4fff}}, nil, []pair{{2, 4}}},
		{"less than a frame", []bytes{{0x1001, 0x1fff}}, nil, nil},
		{"two halves make a frame", []bytes{{0x1000, 0x1800}, {0x1800, 0x2000}}, nil, []pair{{1, 2}}},
		{"unsorted and overlapping", []bytes{{0x8000, 0xa000}, {0x1000, 0x3000}, {0x2000, 0x9000}}, nil, []pair{{1, 10}}},
		{"reserved touches a frame", []bytes{{0, 0x5000}}, []bytes{{0x1fff, 0x2001}}, []pair{{0, 1}, {3, 5}}},
		{"reserved first", []bytes{{0, 0x5000}}, []bytes{{0, 0x1000}}, []pair{{1, 5}}},
		{"reserved last", []bytes{{0, 0x5000}}, []bytes{{0x4000, 0x9000}}, []pair{{0, 4}}},
		{"all reserved", []bytes{{0x1000, 0x5000}}, []bytes{{0, 0x9000}}, nil},
		{"reserved spans two", []bytes{{0x1000, 0x5000}, {0x7000, 0x9000}}, []bytes{{0x4000, 0x8000}}, []pair{{1, 4}, {8, 9}}},
		{"reserved outside", []bytes{{0x1000, 0x5000}}, []bytes{{0x10000, 0x20000}}, []pair{{1, 5}}},
		{"empty reservation", []bytes{{0x1000, 0x5000}}, []bytes{{0x2000, 0x2000}}, []pair{{1, 5}}},
		{"reserved to the end of all", []bytes{{0x1000, 0x5000}}, []bytes{{0x3000, ^frame.MAddr(0)}}, []pair{{1, 3}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := memoryMap(t, test.ram, test.reserved...)
			assert.Equal(t, test.want, m.all(m.NextAvailable))
		})
	}
}

func TestMapBackwards(t *testing.T) {
	var m Map
	assert.Equal(t, BadRange, m.AddRAM(2, 1))
	assert.Equal(t, BadRange, m.Reserve(2, 1))
	assert.Nil(t, m.all(m.NextRAM))
}

func TestMapBeyondLimit(t *testing.T) {
	var m Map
	require.Equal(t, OK, m.AddRAM(Limit-0x2000, Limit+0x3000))
	require.Equal(t, OK, m.AddRAM(1<<50, 1<<50+0x1000))
	require.Equal(t, OK, m.AddRAM(^frame.MAddr(0)-0xfff, ^frame.MAddr(0)))
	assert.EqualValues(t, 0x3000+0x1000+0xfff, m.Ignored())
	assert.Equal(t, []pair{{Limit.MFN() - 2, Limit.MFN()}}, m.all(m.NextRAM))
	require.Equal(t, OK, m.Reserve(1<<50, 1<<51))
	assert.Equal(t, []pair{{Limit.MFN() - 2, Limit.MFN()}}, m.all(m.NextAvailable))
}

// A map with more ranges than fit is refused, not cut short: a reservation that
// is dropped would be handed out.
func TestMapFull(t *testing.T) {
	var m Map
	for i := range frame.MAddr(maxSpans) {
		require.Equal(t, OK, m.AddRAM(i*0x10000, i*0x10000+0x1000))
		require.Equal(t, OK, m.Reserve(i*0x10000, i*0x10000+0x1000))
	}
	const more = maxSpans * 0x10000
	assert.Equal(t, TooMany, m.AddRAM(more, more+0x1000))
	assert.Equal(t, TooMany, m.Reserve(more, more+0x1000))
	assert.Equal(t, OK, m.AddRAM(0x1000, 0x2000), "one that merges still fits")
	assert.Equal(t, OK, m.AddRAM(0, more), "one that joins all too")
	assert.Equal(t, []pair{{0, more / frame.PageSize}}, m.all(m.NextRAM))
}

func TestTake(t *testing.T) {
	tests := []struct {
		name     string
		n, align uint64
		window   frame.Range
		want     frame.MFN
		result   Result
	}{
		{"the highest", 1, 1, everywhere, 0x1ff, OK},
		{"several", 0x10, 1, everywhere, 0x1f0, OK},
		{"aligned", 0x10, 0x80, everywhere, 0x180, OK},
		{"below a bound", 1, 1, frame.Between(0, 0x80), 0x7f, OK},
		{"above a bound", 0x40, 1, frame.Between(0x1c0, 0x1000), 0x1c0, OK},
		{"above a bound, too many", 0x41, 1, frame.Between(0x1c0, 0x1000), 0, NoMemory},
		{"all of a stretch", 0x7f, 1, frame.Between(0, 0x100), 1, OK},
		{"too many for any stretch", 0x101, 1, everywhere, 0, NoMemory},
		{"no alignment fits", 0x20, 0x100, frame.Between(0, 0x100), 0, NoMemory},
		{"none", 0, 1, everywhere, 0, NoMemory},
		{"empty window", 1, 1, frame.Between(0x40, 0x40), 0, NoMemory},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := memoryMap(t, []bytes{{0x1000, 0x80000}, {0x100000, 0x200000}})
			got, r := m.Take(test.n, test.align, test.window)
			require.Equal(t, test.result, r)
			assert.Equal(t, test.want, got)
			if r == OK {
				again, _ := m.Take(test.n, test.align, test.window)
				assert.NotEqual(t, got, again)
			}
		})
	}
}

// Frames taken one by one, as page tables are, use up one reservation only.
func TestTakeManyMerges(t *testing.T) {
	m := memoryMap(t, []bytes{{0, 16 * mib}})
	for want := frame.MFN(0xfff); want >= 0x400; want-- {
		got, r := m.Take(1, 1, everywhere)
		require.Equal(t, OK, r)
		require.Equal(t, want, got)
	}
	assert.Equal(t, 1, m.reserved.n)
}

func TestTakeFromFullMap(t *testing.T) {
	var m Map
	require.Equal(t, OK, m.AddRAM(0, gib))
	for i := range frame.MAddr(maxSpans) {
		require.Equal(t, OK, m.Reserve(i*0x10000, i*0x10000+0x1000))
	}
	_, r := m.Take(1, 1, everywhere)
	assert.Equal(t, TooMany, r)
}

// FuzzMap compares the map with one byte per frame. Each operation is 5 bytes:
// what to do, start and length in units of half a frame.
func FuzzMap(f *testing.F) {
	f.Add([]byte{0, 0, 0, 8, 0, 1, 2, 0, 2, 0, 2, 3, 0, 1, 0})
	f.Add([]byte{0, 3, 0, 2, 0, 0, 5, 0, 9, 0, 1, 0, 0, 1, 0, 2, 1, 0, 4, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		const frames = 256
		var m Map
		var ram [2 * frames]bool // by half frame
		var reserved, want [frames]bool
		for ; len(data) >= 5; data = data[5:] {
			start := uint64(binary.LittleEndian.Uint16(data[1:])) % (2 * frames)
			end := min(start+uint64(binary.LittleEndian.Uint16(data[3:]))%64, 2*frames)
			from, to := frame.MAddr(start*frame.PageSize/2), frame.MAddr(end*frame.PageSize/2)
			switch data[0] % 3 {
			case 0:
				require.Equal(t, OK, m.AddRAM(from, to))
				for i := start; i < end; i++ {
					ram[i] = true
				}
			case 1:
				require.Equal(t, OK, m.Reserve(from, to))
				for i := start; i < end; i++ {
					reserved[i/2] = true
				}
			case 2:
				n := end - start
				window := frame.Between(frame.MFN(start%64), frame.MFN(data[0]))
				align := uint64(1) << (data[1] % 4)
				best := -1
				for at := 0; at+int(n) <= frames; at++ {
					ok := uint64(at)%align == 0 && at >= int(window.Start) && at+int(n) <= int(window.End)
					for i := at; i < at+int(n) && ok; i++ {
						ok = ram[2*i] && ram[2*i+1] && !reserved[i]
					}
					if ok {
						best = at
					}
				}
				got, r := m.Take(n, align, window)
				if n == 0 || best < 0 {
					require.Equal(t, NoMemory, r)
					continue
				}
				require.Equal(t, OK, r)
				require.EqualValues(t, best, got)
				for i := best; i < best+int(n); i++ {
					reserved[i] = true
				}
			}
		}
		for i := range frames {
			want[i] = ram[2*i] && ram[2*i+1] && !reserved[i]
		}
		var got [frames]bool
		last := frame.MFN(0)
		for r, ok := m.NextAvailable(0); ok; r, ok = m.NextAvailable(r.End) {
			require.Less(t, r.Start, r.End)
			require.LessOrEqual(t, last, r.Start)
			last = r.End
			for f := r.Start; f < r.End; f++ {
				got[f] = true
			}
		}
		require.Equal(t, want, got)
	})
}
