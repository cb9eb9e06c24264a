package ramdisk

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/ramfs"
)

// What is packed here is what guests unpack.
func TestRamdisk(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "a", "b"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a", "b", "text"), []byte("some"), 0o640))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "left"), nil, 0o644))
	require.NoError(t, os.Symlink("b/text", filepath.Join(dir, "a", "link")))
	r := Ramdisk{}
	require.NoError(t, r.Add(dir, "/x/y", func(name string, _ fs.DirEntry) bool { return name == "left" }))
	require.NoError(t, r.Add(filepath.Join(dir, "left"), "/alone", nil))
	to := filepath.Join(dir, "ramdisk")
	require.NoError(t, r.Write(to))
	archive, err := os.ReadFile(to)
	require.NoError(t, err)

	f := ramfs.New(1<<20, time.Now)
	require.NoError(t, f.Load(archive))
	n, errno := f.Find(f.Root(), "/x/y/a/link", true)
	require.Zero(t, errno)
	require.Equal(t, uint32(syscall.S_IFREG|0o640), n.Stat().Mode)
	var text [10]byte
	require.Equal(t, "some", string(text[:n.Read(text[:], 0)]))
	_, errno = f.Find(f.Root(), "/alone", true)
	require.Zero(t, errno)
	_, errno = f.Find(f.Root(), "/x/y/left", true)
	require.Equal(t, syscall.ENOENT, errno)
}

// What is named is packed, also if the name is that of a link.
func TestNamedLink(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "real"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "real", "text"), []byte("some"), 0o644))
	require.NoError(t, os.Symlink("real", filepath.Join(dir, "link")))
	require.NoError(t, os.Symlink("real/text", filepath.Join(dir, "linked")))
	r := Ramdisk{}
	require.NoError(t, r.Add(filepath.Join(dir, "link"), "/", nil))
	require.NoError(t, r.Add(filepath.Join(dir, "linked"), "other", nil))
	require.Len(t, r, 2)
	require.Equal(t, uint64(syscall.S_IFREG), r["text"].Mode&syscall.S_IFMT)
	require.Equal(t, uint64(syscall.S_IFREG), r["other"].Mode&syscall.S_IFMT)
	require.ErrorIs(t, r.Add(filepath.Join(dir, "none"), "/", nil), fs.ErrNotExist)
}

func TestSocketIsRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	require.ErrorContains(t, Ramdisk{}.Add(dir, "/", nil), "neither file, directory nor symbolic link")
}
