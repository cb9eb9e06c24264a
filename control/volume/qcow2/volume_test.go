package qcow2

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/control/volume"
)

// device is a host's disk in memory.
type device struct{ memory }

func (device) Flush() error { return nil }

// TestVolume imports what qemu-img wrote into a volume, and exports the volume for qemu-img.
func TestVolume(t *testing.T) {
	host := device{make(memory, 16<<20)}
	require.NoError(t, volume.Format(host, false))
	s, _, err := volume.Open(host, volume.Options{})
	require.NoError(t, err)

	dir := t.TempDir()
	raw, before, after := filepath.Join(dir, "raw"), filepath.Join(dir, "before"), filepath.Join(dir, "after")
	disk := testDisk(5, 4_000_256)
	require.NoError(t, os.WriteFile(raw, disk, 0o600))
	qemuImg(t, "convert", "-f", "raw", "-O", "qcow2", "-c", raw, before)
	image, err := os.ReadFile(before)
	require.NoError(t, err)
	m, err := Open(bytes.NewReader(image), int64(len(image)))
	require.NoError(t, err)
	require.NoError(t, s.Import("a", m.Size(), m.Fill))
	v, err := s.OpenVolume("a", true)
	require.NoError(t, err)
	got := make(memory, v.Size())
	_, err = v.ReadAt(got, 0)
	require.NoError(t, err)
	require.True(t, bytes.Equal(disk, got[:len(disk)]))

	file, err := os.Create(after)
	require.NoError(t, err)
	require.NoError(t, Write(file, v))
	require.NoError(t, file.Close())
	qemuImg(t, "check", "-f", "qcow2", after)
	qemuImg(t, "compare", "-f", "raw", "-F", "qcow2", raw, after)

	// A truncated image leaves no volume behind.
	m, err = Open(bytes.NewReader(image), int64(len(image)))
	require.NoError(t, err)
	m.file = bytes.NewReader(image[:len(image)-100_000])
	require.Error(t, s.Import("b", m.Size(), m.Fill))
	_, err = s.OpenVolume("b", true)
	require.ErrorIs(t, err, volume.ErrNotFound)
	require.NoError(t, s.Check())
}
