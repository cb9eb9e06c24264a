package qcow2

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// written is a small image: header, table and block of counts, L1 (cluster 3), L2 (4), data (5, 6).
func written(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	disk := make(memory, 3*writeCluster)
	disk[0], disk[2*writeCluster] = 1, 2
	require.NoError(t, Write(&b, disk))
	require.Equal(t, 7*writeCluster, b.Len())
	return b.Bytes()
}

// TestRefused has images that can't be read, or are not what they say.
func TestRefused(t *testing.T) {
	const l1, l2 = 3 * writeCluster, 4 * writeCluster
	set32 := func(at int, v uint32) func([]byte) []byte {
		return func(b []byte) []byte { be.PutUint32(b[at:], v); return b }
	}
	set64 := func(at int, v uint64) func([]byte) []byte {
		return func(b []byte) []byte { be.PutUint64(b[at:], v); return b }
	}
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:n] } }
	for _, c := range []struct {
		what   string
		change func([]byte) []byte
		says   string
	}{
		{"an empty file", cut(0), "is it a raw image?"},
		{"a raw image", func(b []byte) []byte { return make([]byte, 4096) }, "is it a raw image?"},
		{"the start of a header", cut(80), "ends within the header"},
		{"the header alone", cut(writeCluster), "truncated"},
		{"no last cluster", cut(6 * writeCluster), "truncated"},
		{"half a last cluster", cut(7*writeCluster - 512), "truncated"},
		{"another version", set32(4, 4), "version 4"},
		{"tiny clusters", set32(20, 8), "clusters of 2^8"},
		{"huge clusters", set32(20, 40), "clusters of 2^40"},
		{"a negative size", set64(24, 1<<63), "9223372036854775808 bytes"},
		{"a size that nothing has", set64(24, 1<<62), "too large"},
		{"a size that the table is too small for", set64(24, 1<<40), "the L1 table has 1 entries"},
		{"a backing file", set64(8, 512), "backing file"},
		{"encryption", set32(32, 2), "encrypted"},
		{"corrupt", set64(72, featureCorrupt), "qemu-img check -r all"},
		{"a data file", set64(72, featureDataFile), "in another file"},
		{"extended L2 entries", set64(72, featureExtendedL2), "extended L2"},
		{"a feature from the future", set64(72, 1<<17), "feature bit 17"},
		{"compression without a kind", set64(72, featureCompression), "too short"},
		{"a short header", set32(100, 90), "header has 90 bytes"},
		{"L1 within a cluster", set64(40, l1+8), "within a cluster"},
		{"L1 behind the file", set64(40, 1<<40), "the L1 table ends at byte"},
		{"L1 at the end of numbers", set64(40, 1<<63-writeCluster), "truncated"},
		{"L1 in the header", set64(40, 0), "another has it too"},
		{"L2 behind the file", set64(l1, 1<<40), "an L2 table ends at byte"},
		{"L2 within a cluster", set64(l1, l2+512), "within a cluster"},
		{"L2 that is L1", set64(l1, l1), "another has it too"},
		{"data behind the file", set64(l2, 1<<50), "a data cluster ends at byte"},
		{"data that is a table", set64(l2, l2), "another has it too"},
		{"data that is there twice", set64(l2+8, 6*writeCluster), "another has it too"},
		{"compressed data behind the file", set64(l2, 1<<62|1<<40), "a compressed cluster ends at byte"},
	} {
		t.Run(c.what, func(t *testing.T) {
			b := c.change(bytes.Clone(written(t)))
			_, err := Open(bytes.NewReader(b), int64(len(b)))
			require.ErrorIs(t, err, ErrFormat)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// zeros is a file with something at its beginning, and then zeros.
type zeros []byte

func (s zeros) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < int64(len(s)) {
		copy(p, s[off:])
	}
	return len(p), nil
}

// TestMemory has images of which the tables are as large as they may be: they need no memory in proportion.
func TestMemory(t *testing.T) {
	b := bytes.Clone(written(t))[:writeCluster]
	const entries = maxL1 / 8
	be.PutUint64(b[24:], entries<<29) // of a disk of which each entry has 512 MiB
	be.PutUint32(b[36:], entries)
	be.PutUint64(b[40:], writeCluster)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const size = 1 << 40
	m, err := Open(zeros(b), size)
	require.NoError(t, err)
	require.NoError(t, m.Fill(nil), "there is nothing on it")
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(6<<20))
	_, err = Open(zeros(b), size<<8)
	require.ErrorContains(t, err, "qemu-img convert")
}

// TestBadCompression has compressed data that isn't.
func TestBadCompression(t *testing.T) {
	for _, kind := range []byte{deflate, zstandard} {
		b := written(t)
		be.PutUint64(b[72:], featureCompression)
		be.PutUint32(b[100:], 112)
		b[headerV3] = kind
		be.PutUint64(b[4*writeCluster:], 1<<62|6*writeCluster)
		m, err := Open(bytes.NewReader(b), int64(len(b)))
		require.NoError(t, err)
		require.ErrorContains(t, m.Fill(make(memory, m.Size())), "can't be decompressed")
	}
}

// TestEntry has the bits of a compressed cluster's entry.
func TestEntry(t *testing.T) {
	e := entry(3<<54 | 0x12345)
	at, length := e.extent(16)
	require.EqualValues(t, 0x12345, at)
	require.EqualValues(t, 4*512-0x145, length)
}

// FuzzOpen reads whatever it is given: it must neither panic, nor read without end, nor write outside the disk.
func FuzzOpen(f *testing.F) {
	// Small clusters, so that the fuzzer has few bytes to look at.
	small := make([]byte, 6*512)
	copy(small, magic)
	be.PutUint32(small[4:], 3)
	be.PutUint32(small[20:], 9)
	be.PutUint64(small[24:], 3*512)
	be.PutUint32(small[36:], 1)
	be.PutUint64(small[40:], 512)
	be.PutUint32(small[100:], 112)
	be.PutUint64(small[512:], 1024)
	be.PutUint64(small[1024:], 1536)
	be.PutUint64(small[1032:], 1<<62|2048)
	f.Add(small)
	compressed := bytes.Clone(small)
	be.PutUint64(compressed[72:], featureCompression)
	compressed[headerV3] = zstandard
	f.Add(compressed)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<20 {
			return
		}
		m, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		var written int64
		_ = m.Fill(writerAt(func(p []byte, off int64) (int, error) {
			if off < 0 || off >= m.Size() || len(p)%sector != 0 || off+int64(len(p)) >= m.Size()+sector {
				t.Fatalf("%d bytes are written at %d, to a disk of %d", len(p), off, m.Size())
			}
			if written += int64(len(p)); written > 1<<26 {
				return 0, io.ErrShortWrite
			}
			return len(p), nil
		}))
	})
}
