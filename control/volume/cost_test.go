package volume

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"
)

// counted is a disk that counts writes.
type counted struct {
	memory []byte
	writes int
}

func (d *counted) ReadAt(p []byte, off int64) (int, error) { return copy(p, d.memory[off:]), nil }

func (d *counted) WriteAt(p []byte, off int64) (int, error) {
	d.writes++
	return copy(d.memory[off:], p), nil
}

func (d *counted) Flush() error { return nil }
func (d *counted) Size() int64  { return int64(len(d.memory)) }

// load writes 4 KiB to random places of a volume of 72 MiB that is full, or a clone of one, and tells how many writes the store made
// for each, besides the data's own.
func load(t testing.TB, clone bool, flushEach, n int) (metadata float64) {
	d := &counted{memory: make([]byte, 176<<20)}
	require.NoError(t, Format(d, false))
	s, _, err := Open(d, Options{})
	require.NoError(t, err)
	v := newVolume(t, s, "a", 72<<20)
	block := noise(1, 1<<20)
	for off := int64(0); off < v.Size(); off += int64(len(block)) {
		write(t, v, block, off)
	}
	require.NoError(t, v.Flush())
	if clone {
		require.NoError(t, s.Clone("a", "b"))
		v = openVolume(t, s, "b")
	} else {
		require.NoError(t, s.Close())
	}
	r := rand.New(rand.NewSource(2))
	d.writes = 0
	for i := range n {
		write(t, v, block[:4096], r.Int63n(v.Size()/4096)*4096)
		if (i+1)%flushEach == 0 {
			require.NoError(t, v.Flush())
		}
	}
	require.NoError(t, v.Flush())
	return float64(d.writes-n) / float64(n)
}

// TestCost bounds what the store itself writes for random writes of 4 KiB.
func TestCost(t *testing.T) {
	if testing.Short() {
		t.Skip("it fills a disk")
	}
	require.Zero(t, load(t, false, 1, 1000), "in place, each flushed")
	require.LessOrEqual(t, load(t, true, 1, 1000), 1.0, "to a clone, each flushed")
	require.LessOrEqual(t, load(t, true, 32, 1000), 0.1, "to a clone, each 32nd flushed")
}

func BenchmarkMetadata(b *testing.B) {
	for _, c := range []struct {
		name      string
		clone     bool
		flushEach int
	}{{"own/flush", false, 1}, {"clone/flush", true, 1}, {"clone/flush-32", true, 32}, {"clone/no-flush", true, 1 << 30}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(load(b, c.clone, c.flushEach, 2000), "metadata-writes/write")
			}
		})
	}
}

// BenchmarkWrite is the store's own work for a write of 4 KiB in place, on a disk in memory.
func BenchmarkWrite(b *testing.B) {
	s, d := newStore(b, 64<<20)
	v := newVolume(b, s, "a", 32<<20)
	block := noise(1, 4096)
	for off := int64(0); off < v.Size(); off += ExtentSize {
		write(b, v, block, off)
	}
	require.NoError(b, s.Close())
	v.s.dev = null{d}
	r := rand.New(rand.NewSource(2))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = v.WriteAt(block, r.Int63n(v.Size()/4096)*4096)
	}
}

// null takes writes of no time.
type null struct{ *disk }

func (null) WriteAt(p []byte, off int64) (int, error) { return len(p), nil }
