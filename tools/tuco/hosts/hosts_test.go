package hosts

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func files(t *testing.T) []string {
	t.Helper()
	dir, err := Dir()
	require.NoError(t, err)
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	return names
}

func TestLastStartedIsFirst(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	_, err := Last()
	require.ErrorIs(t, err, ErrNone)

	now := time.Now()
	one, err := Add(Host{Address: "127.0.0.1:1", Token: "a", LogDir: "/logs", Started: now})
	require.NoError(t, err)
	two, err := Add(Host{Address: "127.0.0.1:2", Token: "b", Started: now.Add(time.Second)})
	require.NoError(t, err)
	list, err := List()
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.Equal(t, "127.0.0.1:2", list[0].Address)
	assert.Equal(t, Host{Address: "127.0.0.1:1", Token: "a", LogDir: "/logs", PID: os.Getpid(), Started: list[1].Started}, list[1])

	for _, name := range files(t) {
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode(), name)
	}

	require.NoError(t, two.Close())
	last, err := Last()
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:1", last.Address)
	require.NoError(t, one.Close())
	assert.Empty(t, files(t))
}

// A process that ended without a word holds no lock; its record goes when somebody looks.
func TestRecordOfADeadHostGoes(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	r, err := Add(Host{Address: "127.0.0.1:1"})
	require.NoError(t, err)
	require.NoError(t, r.file.Close())
	require.Len(t, files(t), 1)
	_, err = Last()
	require.ErrorIs(t, err, ErrNone)
	assert.Empty(t, files(t))
}

func TestWhereRecordsAre(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("HOME", "/home/somebody")
	dir, err := Dir()
	require.NoError(t, err)
	assert.Equal(t, "/home/somebody/.cache/tuco/hosts", dir)
	t.Setenv("HOME", "")
	_, err = Dir()
	assert.ErrorContains(t, err, "set one of them")
}

func TestNoPlaceForRecords(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	t.Setenv("XDG_RUNTIME_DIR", file)
	_, err := Add(Host{})
	assert.ErrorContains(t, err, "the record of hosts: mkdir "+file)
}
