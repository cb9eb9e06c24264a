package profile

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// count does in the file what the plugin does in memory.
func count(t *testing.T, path string, blocks ...Block) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, binary.Write(file, binary.LittleEndian, blocks))
}

func TestTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "blocks")
	table, err := create(path, 4)
	require.NoError(t, err)
	require.Equal(t, []string{"-plugin", "x.so,table=" + path}, table.Arguments("x.so"))
	none, err := table.Read()
	require.NoError(t, err)
	require.Empty(t, none)

	first := []Block{{0xfffffff0, 1, 1}, {0xffffffff80200000, 12, 1 << 40}}
	count(t, path, first...)
	before, err := table.Read()
	require.NoError(t, err)
	require.Equal(t, first, before)

	// The same place is translated again.
	count(t, path, Block{0xfffffff0, 1, 1}, Block{0xffffffff80200000, 12, 1<<40 + 3}, Block{0xffffffff80200000, 2, 5})
	now, err := table.Read()
	require.NoError(t, err)
	assert.Equal(t, []Block{{0xfffffff0, 1, 0}, {0xffffffff80200000, 12, 3}, {0xffffffff80200000, 2, 5}}, Since(before, now))
	assert.Equal(t, now, Since(nil, now))

	require.NoError(t, table.Close())
	require.NoFileExists(t, path)
}

func TestFullTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "blocks")
	table, err := create(path, 2)
	require.NoError(t, err)
	defer table.Close()
	count(t, path, Block{1, 1, 1}, Block{2, 1, 1})
	_, err = table.Read()
	require.ErrorContains(t, err, "more than the 2 blocks")
}

func TestTableThatCantBe(t *testing.T) {
	_, err := Create("/nonexistent/blocks")
	require.ErrorIs(t, err, os.ErrNotExist)
}
