package percpu

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/frame"
	"tuco/kernel/layout"
)

// TestStackTellsItsCPU goes through both ends of every stack that there can be.
func TestStackTellsItsCPU(t *testing.T) {
	for id := range cpus {
		c := &cpus[id]
		c.ID = id
		c.UseStacks()
		for k := range stackKinds {
			top := c.StackTop(k)
			low := top - frame.VAddr(k.StackSize())
			for _, at := range []frame.VAddr{low, top - 8} {
				owner, kind := Of(at)
				assert.Same(t, c, owner)
				assert.Equal(t, k, kind)
				l, h := Bounds(at)
				assert.Equal(t, [2]frame.VAddr{low, top}, [2]frame.VAddr{l, h})
				assert.False(t, IsGuard(at))
			}
			assert.True(t, IsGuard(low-1))
			assert.True(t, IsGuard(top-layout.StackSlot))
			assert.Equal(t, low+stackGuard, c.g[k].stackguard0)
			assert.EqualValues(t, uintptr(unsafe.Pointer(&c.tls[k]))+8, c.FSBase(k))
			assert.Same(t, &c.g[k], c.tls[k].g)
		}
		unused := c.StackTop(stackKinds)
		low, high := Bounds(unused - 8)
		assert.Zero(t, low)
		assert.Zero(t, high)
		assert.True(t, IsGuard(unused-8))
	}
	assert.Equal(t, layout.StacksEnd, cpus[len(cpus)-1].StackTop(layout.StacksPerCPU-1))
	for _, elsewhere := range []frame.VAddr{0, layout.Stacks - 8, layout.StacksEnd, layout.ImageBase} {
		c, k := Of(elsewhere)
		assert.Same(t, &cpus[0], c)
		assert.Equal(t, Main, k)
		assert.False(t, IsGuard(elsewhere))
	}
}

func TestAddAndDrop(t *testing.T) {
	defer func() { count = 1 }()
	for id := 1; id < layout.MaxCPUs; id++ {
		c, ok := Add(uint32(100 + id))
		assert.True(t, ok)
		assert.Equal(t, id, c.ID)
		assert.EqualValues(t, id, c.Locks.CPU)
		assert.EqualValues(t, 100+id, c.APICID)
		assert.Equal(t, id+1, Count())
	}
	_, ok := Add(1)
	assert.False(t, ok, "no room")
	Drop()
	c, ok := Add(7)
	assert.True(t, ok)
	assert.Equal(t, layout.MaxCPUs-1, c.ID)
}

// TestOffsetsForAssembly has what run_amd64.s takes for granted.
func TestOffsetsForAssembly(t *testing.T) {
	assert.EqualValues(t, 512, unsafe.Sizeof(G{}), "a runtime.g fits in")
	assert.EqualValues(t, 16, unsafe.Offsetof(G{}.stackguard0), "as in runtime.g")
	assert.EqualValues(t, 16, unsafe.Sizeof(TLS{}))
	assert.EqualValues(t, 104, unsafe.Sizeof(tables{}.tss))
}
