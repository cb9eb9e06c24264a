package qcow2

import (
	"bytes"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// qemuImg runs QEMU's tool for images, which judges what is written here and makes what is read.
func qemuImg(t *testing.T, args ...string) {
	t.Helper()
	_, err := exec.LookPath("qemu-img")
	require.NoError(t, err, "run tools/deps test (Debian's package qemu-utils)")
	said, err := exec.Command("qemu-img", args...).CombinedOutput()
	require.NoError(t, err, "qemu-img %v: %s", args, said)
}

// memory is a disk in memory, in which holes are known by their being zeros.
type memory []byte

func (m memory) Size() int64 { return int64(len(m)) }

func (m memory) ReadAt(p []byte, off int64) (int, error) { return bytes.NewReader(m).ReadAt(p, off) }

func (m memory) WriteAt(p []byte, off int64) (int, error) { return copy(m[off:], p), nil }

func (m memory) Data(off int64) (start, end int64, err error) {
	for start = off; start < m.Size(); start += sector {
		if end := min(start+sector, m.Size()); bytes.Count(m[start:end], []byte{0}) != int(end-start) {
			return start, end, nil
		}
	}
	return m.Size(), m.Size(), nil
}

// testDisk has noise, text and holes, of sizes that have nothing to do with clusters.
func testDisk(seed int64, size int) memory {
	r := rand.New(rand.NewSource(seed))
	m := make(memory, size)
	for off := 0; off < size; {
		n := min(size-off, 1+r.Intn(200_000))
		switch r.Intn(3) {
		case 0:
			r.Read(m[off : off+n])
		case 1:
			copy(m[off:off+n], bytes.Repeat([]byte("all work and no play "), n/21+1))
		}
		off += n
	}
	return m
}

// TestReadQEMU reads what qemu-img writes: versions, cluster sizes, kinds of compression.
func TestReadQEMU(t *testing.T) {
	for _, options := range []struct {
		name string
		args []string
	}{
		{"v2", []string{"-o", "compat=0.10"}},
		{"v3", nil},
		{"512-byte clusters", []string{"-o", "cluster_size=512"}},
		{"2 MiB clusters", []string{"-o", "cluster_size=2M"}},
		{"deflate", []string{"-c"}},
		{"deflate, v2, small clusters", []string{"-c", "-o", "compat=0.10,cluster_size=4k"}},
		{"zstd", []string{"-c", "-o", "compression_type=zstd"}},
		{"zstd, large clusters", []string{"-c", "-o", "compression_type=zstd,cluster_size=2M"}},
		{"preallocated", []string{"-o", "preallocation=metadata"}},
		{"lazy counts", []string{"-o", "lazy_refcounts=on,refcount_bits=1"}},
	} {
		t.Run(options.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			raw, image := filepath.Join(dir, "raw"), filepath.Join(dir, "qcow2")
			disk := testDisk(1, 3_000_000/sector*sector)
			require.NoError(t, os.WriteFile(raw, disk, 0o600))
			qemuImg(t, append([]string{"convert", "-f", "raw", "-O", "qcow2", raw, image}, options.args...)...)

			file, err := os.Open(image)
			require.NoError(t, err)
			defer file.Close()
			info, err := file.Stat()
			require.NoError(t, err)
			m, err := Open(file, info.Size())
			require.NoError(t, err)
			require.Equal(t, disk.Size(), m.Size())
			got := make(memory, disk.Size())
			require.NoError(t, m.Fill(got))
			require.True(t, bytes.Equal(disk, got))
		})
	}
}

// TestWriteQEMU has qemu-img check and read what is written here.
func TestWriteQEMU(t *testing.T) {
	for _, disk := range []memory{testDisk(2, 512), testDisk(3, 70_000/sector*sector), testDisk(4, 5_000_000/sector*sector), make(memory, 1<<20)} {
		dir := t.TempDir()
		raw, image := filepath.Join(dir, "raw"), filepath.Join(dir, "qcow2")
		require.NoError(t, os.WriteFile(raw, disk, 0o600))
		file, err := os.Create(image)
		require.NoError(t, err)
		require.NoError(t, Write(file, disk))
		require.NoError(t, file.Close())
		qemuImg(t, "check", "-f", "qcow2", image)
		qemuImg(t, "compare", "-f", "raw", "-F", "qcow2", raw, image)
	}
}

// sparse is a disk of a size that nobody has in memory: all holes but some clusters.
type sparse struct {
	size int64
	at   []int64
}

func (s sparse) Size() int64 { return s.size }

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	for i := range p {
		p[i] = byte(off >> 20)
	}
	return len(p), nil
}

func (s sparse) Data(off int64) (start, end int64, err error) {
	for _, at := range s.at {
		if at >= off {
			return at, at + writeCluster, nil
		}
	}
	return s.size, s.size, nil
}

// TestLarge writes a disk of some TiB, whose tables need several clusters each, and reads it.
func TestLarge(t *testing.T) {
	disk := sparse{5 << 40, []int64{0, 512 << 20, 513 << 20, 1 << 40, 5<<40 - writeCluster}}
	image := filepath.Join(t.TempDir(), "qcow2")
	file, err := os.Create(image)
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, Write(file, disk))
	qemuImg(t, "check", "-f", "qcow2", image)
	info, err := file.Stat()
	require.NoError(t, err)
	m, err := Open(file, info.Size())
	require.NoError(t, err)
	var at []int64
	require.NoError(t, m.Fill(writerAt(func(p []byte, off int64) (int, error) {
		require.Len(t, p, writeCluster)
		require.Equal(t, byte(off>>20), p[writeCluster-1])
		at = append(at, off)
		return len(p), nil
	})))
	require.Equal(t, disk.at, at)
}

type writerAt func(p []byte, off int64) (int, error)

func (f writerAt) WriteAt(p []byte, off int64) (int, error) { return f(p, off) }

var _ io.WriterAt = writerAt(nil)
