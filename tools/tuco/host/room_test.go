package host

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheckRoom(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	info := file("info", "MemTotal:        2097152 kB\nMemFree:         9999999 kB\nSwapTotal:       1048576 kB\n")
	careful, careless := file("careful", "0\n"), file("careless", "1\n")
	nowhere := filepath.Join(dir, "nowhere")
	for _, test := range []struct {
		memory           Size
		info, overcommit string
		want             string
	}{
		{3 * GiB, info, careful, ""},
		{3*GiB + MiB, info, careful, "memory of 3073M: this machine has 3G with its swap"},
		{3*GiB + MiB, info, nowhere, "this machine has 3G"},
		{TiB, info, careless, ""},
		{TiB, nowhere, careful, ""},
		{TiB, careful, careful, ""},
	} {
		err := Spec{Memory: test.memory}.checkRoom(test.info, test.overcommit)
		if test.want == "" {
			assert.NoError(t, err)
			continue
		}
		assert.ErrorContains(t, err, test.want)
		assert.ErrorIs(t, err, ErrBadSpec)
	}
	has, err := machineMemory(memoryInfo)
	require.NoError(t, err)
	assert.Greater(t, has, 64*MiB, "of the machine that this runs on")
}
