package tag

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/exit"
)

func TestTagsAreGivenInTurnAndNeverTheHosts(t *testing.T) {
	var a Allocator
	a.Start(4)
	var holders [3]Holder
	for i := range holders {
		h := &holders[i]
		h.Attach(&a)
		_, ok := h.Held(exit.KernelSpace)
		assert.False(t, ok)
		id, flush := h.Use(exit.KernelSpace)
		assert.EqualValues(t, i+1, id)
		assert.False(t, flush)
		id, _ = h.Use(exit.KernelSpace)
		assert.EqualValues(t, i+1, id, "it keeps its tag")
	}
	var extra Holder
	extra.Attach(&a)
	id, flush := extra.Use(exit.KernelSpace)
	require.True(t, flush, "the tags ran out")
	assert.EqualValues(t, 1, id)
	for i := range holders {
		_, ok := holders[i].Held(exit.KernelSpace)
		assert.False(t, ok, "an old generation's tag is void")
	}
}

func TestSpacesHaveTagsOfTheirOwn(t *testing.T) {
	var a Allocator
	a.Start(16)
	var h Holder
	h.Attach(&a)
	kernel, _ := h.Use(exit.KernelSpace)
	user, _ := h.Use(exit.UserSpace)
	assert.NotEqual(t, kernel, user)
	h.Drop(exit.UserSpace)
	again, _ := h.Use(exit.KernelSpace)
	assert.Equal(t, kernel, again)
	again, _ = h.Use(exit.UserSpace)
	assert.NotEqual(t, user, again)
}

// A flush that was meant for the guest while it was elsewhere did not reach
// the CPU that it comes back to.
func TestTagsAreLostByGoingElsewhere(t *testing.T) {
	var a, b Allocator
	a.Start(16)
	b.Start(16)
	var h Holder
	h.Attach(&a)
	kernel, _ := h.Use(exit.KernelSpace)
	user, _ := h.Use(exit.UserSpace)
	h.Attach(&b)
	h.Use(exit.KernelSpace) // and never the user's there
	h.Attach(&a)
	for _, s := range []exit.Space{exit.KernelSpace, exit.UserSpace} {
		_, ok := h.Held(s)
		assert.False(t, ok)
		id, _ := h.Use(s)
		assert.NotContains(t, []uint32{kernel, user}, id)
	}
}

func TestVoidDemandsAFlushOnce(t *testing.T) {
	var a Allocator
	a.Start(16)
	var h Holder
	h.Attach(&a)
	h.Use(exit.KernelSpace)
	a.Void()
	_, ok := h.Held(exit.KernelSpace)
	assert.False(t, ok)
	_, flush := h.Use(exit.UserSpace)
	assert.True(t, flush)
	_, flush = h.Use(exit.KernelSpace)
	assert.False(t, flush)
}

// TestNobodySeesAnothersEntries models the TLB: which address space's entries
// bear which tag, and since which of its flushes.
func TestNobodySeesAnothersEntries(t *testing.T) {
	type entry struct {
		holder int
		space  exit.Space
		epoch  int
	}
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
		Holder
		epoch [exit.Spaces]int // counts its flushes and its moves
		cpu   int
	}
	for range 50_000 {
		h := rnd.Intn(len(holders))
		holder := &holders[h]
		if c := rnd.Intn(len(cpus)); c != holder.cpu {
			holder.cpu = c
			holder.epoch[exit.KernelSpace]++
			holder.epoch[exit.UserSpace]++
		}
		cpu := &cpus[holder.cpu]
		holder.Attach(&cpu.Allocator)
		s := exit.Space(rnd.Intn(int(exit.Spaces)))
		switch rnd.Intn(16) {
		case 0, 1, 2, 3:
			holder.epoch[s]++
			holder.Drop(s)
		case 4: // everybody's on this CPU
			for i := range holders {
				if holders[i].cpu == holder.cpu {
					holders[i].epoch[exit.KernelSpace]++
					holders[i].epoch[exit.UserSpace]++
				}
			}
			cpu.Void()
		}
		if id, ok := holder.Held(s); ok {
			if e, cached := cpu.tlb[id]; cached {
				require.Equal(t, entry{h, s, holder.epoch[s]}, e)
			}
		}
		id, flush := holder.Use(s)
		if flush {
			clear(cpu.tlb)
		}
		require.NotZero(t, id)
		if old, ok := cpu.tlb[id]; ok {
			require.Equal(t, entry{h, s, holder.epoch[s]}, old)
		}
		cpu.tlb[id] = entry{h, s, holder.epoch[s]}
	}
}
