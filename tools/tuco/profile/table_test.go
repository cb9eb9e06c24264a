package profile

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A record is what the plugin writes: a block and its count within windows.
type record struct {
	Block
	within uint64
}

// count does in the file what the plugin does in memory.
func count(t *testing.T, path string, windows, open uint64, records ...record) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer file.Close()
	words := []uint64{windows, open}
	for _, r := range records {
		words = append(words, r.Address, r.Instructions, r.Count, r.within)
	}
	require.NoError(t, binary.Write(io.NewOffsetWriter(file, 16), binary.LittleEndian, words))
}

func outside(b Block) record { return record{Block: b} }

func TestTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "blocks")
	table, err := create(path, nil, 4)
	require.NoError(t, err)
	require.Equal(t, []string{"-plugin", "x.so,table=" + path}, table.Arguments("x.so"))
	none, _, err := table.Read()
	require.NoError(t, err)
	require.Empty(t, none)

	first := []Block{{0xfffffff0, 1, 1}, {0xffffffff80200000, 12, 1 << 40}}
	count(t, path, 0, 0, outside(first[0]), outside(first[1]))
	before, _, err := table.Read()
	require.NoError(t, err)
	require.Equal(t, first, before)

	// The same place is translated again.
	count(t, path, 0, 0, outside(first[0]), outside(Block{0xffffffff80200000, 12, 1<<40 + 3}), outside(Block{0xffffffff80200000, 2, 5}))
	now, _, err := table.Read()
	require.NoError(t, err)
	assert.Equal(t, []Block{{0xfffffff0, 1, 0}, {0xffffffff80200000, 12, 3}, {0xffffffff80200000, 2, 5}}, Since(before, now))
	assert.Equal(t, now, Since(nil, now))

	require.NoError(t, table.Close())
	require.NoFileExists(t, path)
}

func TestWindows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "blocks")
	table, err := create(path, &Window{From: 0x1000, Until: 0x2000}, 4)
	require.NoError(t, err)
	defer table.Close()
	header := make([]byte, 16)
	_, err = table.file.ReadAt(header, 0)
	require.NoError(t, err)
	require.Equal(t, []byte{0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0}, header)

	count(t, path, 3, 0, record{Block{0x1000, 10, 9}, 3}, record{Block{0x1100, 5, 100}, 0})
	blocks, windows, err := table.Read()
	require.NoError(t, err)
	assert.Equal(t, []Block{{0x1000, 10, 3}, {0x1100, 5, 0}}, blocks)
	assert.EqualValues(t, 3, windows)

	// In a fourth one, which has begun when the counts were 9 and 100.
	minus := func(n uint64) uint64 { return -n }
	count(t, path, 3, 1, record{Block{0x1000, 10, 10}, minus(6)}, record{Block{0x1100, 5, 107}, minus(100)})
	blocks, windows, err = table.Read()
	require.NoError(t, err)
	assert.Equal(t, []Block{{0x1000, 10, 4}, {0x1100, 5, 7}}, blocks)
	assert.EqualValues(t, 3, windows)
}

func TestFullTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "blocks")
	table, err := create(path, nil, 2)
	require.NoError(t, err)
	defer table.Close()
	count(t, path, 0, 0, outside(Block{1, 1, 1}), outside(Block{2, 1, 1}))
	_, _, err = table.Read()
	require.ErrorContains(t, err, "more than the 2 blocks")
}

func TestTableThatCantBe(t *testing.T) {
	_, err := Create("/nonexistent/blocks", nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}
