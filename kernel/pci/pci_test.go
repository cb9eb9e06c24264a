package pci

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/lock"
)

func TestFunctions(t *testing.T) {
	Init()
	h := &lock.Holder{}
	bridge, disk := Function{0, 0, 0}, Function{0, 0, 9}
	require.Zero(t, Add(h, bridge))
	require.Zero(t, Add(h, disk))
	require.Zero(t, Add(h, bridge), "again")
	assert.Equal(t, 2, known.n)
	require.Zero(t, Remove(h, bridge))
	assert.Equal(t, hypercall.ENODEV, Remove(h, bridge))
	assert.Equal(t, hypercall.ENODEV, Remove(h, Function{1, 0, 9}), "another segment")
	require.Zero(t, Remove(h, disk))
	assert.Zero(t, known.n)

	for i := range MaxFunctions {
		require.Zero(t, Add(h, Function{7, uint8(i >> 8), uint8(i)}))
	}
	assert.Equal(t, hypercall.ENOSPC, Add(h, bridge))
	require.Zero(t, Add(h, Function{7, 3, 255}), "one that is known")
	require.Zero(t, Remove(h, Function{7, 0, 0}))
	require.Zero(t, Add(h, bridge))
	h.AssertNone()
}
