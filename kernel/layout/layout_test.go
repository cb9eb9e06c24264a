package layout

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// number finds the number behind a pattern in a file of the tree.
func number(t *testing.T, file, pattern string) uint64 {
	t.Helper()
	b, err := os.ReadFile("../../" + file)
	require.NoError(t, err)
	m := regexp.MustCompile(pattern + `(-?0x[0-9a-f]+)`).FindSubmatch(b)
	require.NotNil(t, m, "%s: %s", file, pattern)
	if m[1][0] == '-' {
		v, err := strconv.ParseInt(string(m[1]), 0, 64)
		require.NoError(t, err)
		return uint64(v)
	}
	v, err := strconv.ParseUint(string(m[1]), 0, 64)
	require.NoError(t, err)
	return v
}

// TestImageAddresses compares the places that have to name them.
func TestImageAddresses(t *testing.T) {
	assert.EqualValues(t, ImageBase, number(t, "linker.ld", `IMAGE_BASE = `))
	assert.EqualValues(t, ImageLoad, number(t, "linker.ld", `IMAGE_LOAD = `))
	assert.EqualValues(t, ImageBase, number(t, "Makefile", `-T `))
	assert.Equal(t, ImageLoad, ImageMachine(ImageBase))
}

func TestStackSlots(t *testing.T) {
	assert.Zero(t, uint64(Stacks)%StackSlot, "a shift tells the slot")
	assert.EqualValues(t, 0x100_0000, StacksEnd-Stacks, "as in the picture")
}
