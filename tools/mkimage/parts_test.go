package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/rtcheck/reach"
)

func TestLivePages(t *testing.T) {
	text := reach.Range{Start: 0x10000, End: 0x18800}
	for _, c := range []struct {
		name       string
		dead, want []reach.Range
	}{
		{"nothing dead", nil, []reach.Range{text}},
		{"less than a page", []reach.Range{{Start: 0x11001, End: 0x12fff}}, []reach.Range{text}},
		{"a page", []reach.Range{{Start: 0x11000, End: 0x12000}}, []reach.Range{{Start: 0x10000, End: 0x11000}, {Start: 0x12000, End: 0x18800}}},
		{"a page and parts of its neighbours", []reach.Range{{Start: 0x10fff, End: 0x12001}},
			[]reach.Range{{Start: 0x10000, End: 0x11000}, {Start: 0x12000, End: 0x18800}}},
		{"the first page", []reach.Range{{Start: 0x10000, End: 0x11004}}, []reach.Range{{Start: 0x11000, End: 0x18800}}},
		{"the last pages", []reach.Range{{Start: 0x16100, End: 0x18800}}, []reach.Range{{Start: 0x10000, End: 0x17000}}},
		{"all", []reach.Range{text}, nil},
	} {
		assert.Equal(t, c.want, livePages(text, c.dead), c.name)
	}
}

func TestJoinClosesTheSmallestGaps(t *testing.T) {
	ranges := []reach.Range{{Start: 0, End: 10}, {Start: 15, End: 20}, {Start: 30, End: 40}, {Start: 41, End: 50}, {Start: 52, End: 60}}
	assert.Equal(t, ranges, join(ranges, 5))
	assert.Equal(t, []reach.Range{{Start: 0, End: 10}, {Start: 15, End: 20}, {Start: 30, End: 60}}, join(ranges, 3))
	assert.Equal(t, []reach.Range{{Start: 0, End: 60}}, join(ranges, 1))
}

// TestSplit looks whether all that is reachable is in a part, as it is in the text.
func TestSplit(t *testing.T) {
	img, err := load(link(t))
	require.NoError(t, err)
	result, err := img.reachable(skeleton+"/redirects", "")
	require.NoError(t, err)
	require.NoError(t, img.split(result.Dead, 4))
	require.Len(t, img.parts, 4)
	var size uint64
	for _, p := range img.parts {
		assert.Zero(t, p.addr%pageSize)
		assert.EqualValues(t, p.size, len(p.bytes))
		size += p.size
	}
	assert.Less(t, size, img.text.size/2)
	live := result.Reachable
	for _, p := range result.Patches {
		live = append(live, reach.Func{Name: p.From.Name, Addr: p.From.Addr, Size: reach.JumpSize})
	}
	for _, f := range live {
		found := false
		for i := range img.parts {
			if p := &img.parts[i]; p.contains(f.Addr) && p.contains(f.End()-1) {
				found = true
				assert.Equal(t, img.text.bytes[f.Addr-img.text.addr:f.End()-img.text.addr], p.bytes[f.Addr-p.addr:f.End()-p.addr])
			}
		}
		assert.True(t, found, f.Name)
	}
	assert.ErrorContains(t, img.split(result.Dead, 1000), "cannot be cut into 1000 parts")
}
