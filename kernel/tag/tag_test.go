package tag

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTagsAreGivenInTurnAndNeverTheHosts(t *testing.T) {
	var a Allocator
	a.Start(4)
	var tags [3]Tag
	for i := range tags {
		assert.False(t, a.Valid(&tags[i]))
		assert.False(t, a.Renew(&tags[i]))
		assert.EqualValues(t, i+1, tags[i].ID())
		assert.True(t, a.Valid(&tags[i]))
	}
	var extra Tag
	require.True(t, a.Renew(&extra), "the tags ran out")
	assert.EqualValues(t, 1, extra.ID())
	for i := range tags {
		assert.False(t, a.Valid(&tags[i]), "an old generation's tag is void")
	}
}

func TestTagOfAnotherCPUIsNotValid(t *testing.T) {
	var a, b Allocator
	a.Start(16)
	b.Start(16)
	var g Tag
	a.Renew(&g)
	first := g.ID()
	b.Renew(&g)
	assert.False(t, a.Valid(&g), "it ran elsewhere since")
	a.Renew(&g)
	assert.NotEqual(t, first, g.ID())
}

// TestNoHolderSeesAnothersEntries models the TLB: which holder's entries bear
// which tag, and since which of its flushes.
func TestNoHolderSeesAnothersEntries(t *testing.T) {
	type entry struct{ holder, epoch int }
	rnd := rand.New(rand.NewSource(1))
	var cpus [3]struct {
		Allocator
		tlb map[uint32]entry
	}
	for i := range cpus {
		cpus[i].Start(uint32(3 + i))
		cpus[i].tlb = map[uint32]entry{}
	}
	var holders [7]struct {
		Tag
		epoch int // counts its flushes and its moves
		cpu   int
	}
	for range 20_000 {
		h := rnd.Intn(len(holders))
		holder := &holders[h]
		if c := rnd.Intn(len(cpus)); c != holder.cpu {
			holder.cpu = c
			holder.epoch++
		}
		cpu := &cpus[holder.cpu]
		flush := rnd.Intn(4) == 0
		if flush {
			holder.epoch++
		}
		if flush || !cpu.Valid(&holder.Tag) {
			if cpu.Renew(&holder.Tag) {
				clear(cpu.tlb)
			}
		}
		id := holder.ID()
		require.NotZero(t, id)
		if old, ok := cpu.tlb[id]; ok {
			require.Equal(t, entry{h, holder.epoch}, old)
		}
		cpu.tlb[id] = entry{h, holder.epoch}
	}
}
