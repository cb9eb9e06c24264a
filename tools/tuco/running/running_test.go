package running

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHosts(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	none, err := Hosts()
	require.NoError(t, err)
	assert.Empty(t, none, "nor is there a directory")

	old := Host{Address: "127.0.0.1:1", Token: "a", PID: 1, LogDir: "/tmp/a", Started: time.Unix(1e9, 0).UTC()}
	young := Host{Address: "127.0.0.1:2", Token: "b", PID: 2, LogDir: "/tmp/b", Started: time.Unix(2e9, 0).UTC()}
	first, err := Keep(old)
	require.NoError(t, err)
	second, err := Keep(young)
	require.NoError(t, err)
	hosts, err := Hosts()
	require.NoError(t, err)
	assert.Equal(t, []Host{young, old}, hosts)

	dir, err := Dir()
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, name := range files {
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "the token is in it")
	}

	require.NoError(t, second.Remove())
	require.NoError(t, first.file.Close(), "as when its process is killed")
	hosts, err = Hosts()
	require.NoError(t, err)
	assert.Empty(t, hosts)
	files, err = filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	assert.Empty(t, files)
}

func TestDir(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("HOME", "/home/somebody")
	dir, err := Dir()
	require.NoError(t, err)
	assert.Equal(t, "/home/somebody/.cache/tuco/hosts", dir)
}
